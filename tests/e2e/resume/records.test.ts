import assert from "node:assert/strict";
import { test } from "node:test";
import { Records, type Tally } from "./records.js";

function order(numbers: readonly number[], total: number): Tally | undefined {
  const records = new Records();
  for (const number of numbers) records.arrive("events", 0, number);
  records.end("events", 0, total);
  return records.outcome().tallies.events;
}

function runs(numbers: readonly number[], total: number): Tally | undefined {
  const records = new Records();
  for (const number of numbers) records.run("ask_runs", number);
  records.endRuns("ask_runs", total);
  return records.outcome().tallies.ask_runs;
}

const clean = { lost: 0, doubled: 0, reordered: 0, failed: 0 };

test("what comes in order is clean", () => {
  assert.deepEqual(order([1, 2, 3], 3), { ...clean, arrived: 3 });
  assert.deepEqual(runs([2, 3, 1], 3), { ...clean, arrived: 3 });
});

test("what never comes is lost, in the middle and at the end", () => {
  assert.equal(order([1, 3], 3)?.lost, 1);
  assert.equal(order([1, 2], 4)?.lost, 2);
  assert.equal(order([], 1)?.lost, 1);
  assert.equal(runs([1, 3], 3)?.lost, 1);
});

test("what comes again is doubled, and what comes late reordered", () => {
  assert.deepEqual(order([1, 2, 2, 3], 3), { ...clean, arrived: 4, doubled: 1 });
  assert.deepEqual(order([1, 3, 2], 3), { ...clean, arrived: 3, reordered: 1 });
  assert.deepEqual(runs([1, 2, 1], 2), { ...clean, arrived: 3, doubled: 1 });
});

test("every fault is told, up to a number", () => {
  const records = new Records();
  for (let n = 0; n < 30; n++) records.fail("call_answers", n, "unavailable");

  const { tallies, faults } = records.outcome();
  assert.equal(tallies.call_answers?.failed, 30);
  assert.equal(faults.length, 21);
  assert.equal(faults[20], "and 10 more");
});
