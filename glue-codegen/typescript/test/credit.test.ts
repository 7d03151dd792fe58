import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST_CREDIT, MAX_WINDOW, MAX_WINDOW_TEXT, WINDOW } from "../src/proto/limits.js";
import { Credit } from "../src/rpc/credit.js";

/** Lets the server send all it may, with a reader that takes `taken` items first; returns what then waits. */
function stalled(itemSize: number, taken: number): number {
  const credit = new Credit();
  let granted = FIRST_CREDIT;
  for (let item = 0; item < taken; item++) {
    granted--;
    assert.ok(credit.receive(itemSize));
    granted += credit.consume();
  }
  for (let item = 0; item < granted; item++) assert.ok(credit.receive(itemSize));
  assert.ok(!credit.receive(itemSize));
  return granted * itemSize;
}

test("a stalled reader of large items holds little text", () => {
  for (const taken of [0, 1, 7, 100]) assert.ok(stalled(64 * 1024, taken) <= MAX_WINDOW_TEXT);
});

test("a reader that waits for small items lets more and more come", () => {
  assert.equal(stalled(1, 0), FIRST_CREDIT);
  assert.equal(stalled(1, 1), WINDOW);
  const items = stalled(1, 2_000);
  assert.ok(items > MAX_WINDOW / 2 && items <= MAX_WINDOW);
});

test("a reader for whom items wait lets fewer come", () => {
  const credit = new Credit();
  let granted = FIRST_CREDIT;
  for (let item = 0; item < 2_000; item++) {
    assert.ok(credit.receive(1));
    granted += credit.consume() - 1;
  }
  assert.ok(granted > MAX_WINDOW / 2);

  let waiting = 0;
  for (let item = 0; item < 4_000; item++) {
    for (; granted > 0; granted--, waiting++) assert.ok(credit.receive(1));
    granted += credit.consume();
    waiting--;
  }
  const open = waiting + granted;
  assert.ok(open >= WINDOW / 2 && open <= WINDOW);
});

test("items beyond every bound still move one by one", () => {
  const credit = new Credit();
  for (let item = 0; item < FIRST_CREDIT; item++) credit.receive(MAX_WINDOW_TEXT * 2);

  const grants = Array.from({ length: FIRST_CREDIT }, () => credit.consume());

  assert.deepEqual(grants, [0, 0, 0, 0, 0, 0, 0, 1]);
});

test("the window recovers after a large item", () => {
  const credit = new Credit();
  let granted = FIRST_CREDIT;
  credit.receive(MAX_WINDOW_TEXT);
  granted += credit.consume() - 1;
  for (let item = 0; item < 100; item++) {
    credit.receive(10);
    granted += credit.consume() - 1;
  }

  assert.ok(granted > MAX_WINDOW / 2);
});
