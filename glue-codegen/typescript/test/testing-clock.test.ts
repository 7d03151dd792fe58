import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, seededRandom } from "../src/testing/index.js";

test("timers run when they are due, those due together in the order they were set", async () => {
  const clock = new ManualClock();
  const ran: string[] = [];
  const log = (name: string) => (): void => void ran.push(`${name}@${clock.now()}`);
  clock.after(20, log("late"));
  clock.after(10, log("one"));
  clock.after(10, log("two"));
  const cancel = clock.after(15, log("never"));

  cancel();
  await clock.advance(19);

  assert.deepEqual(ran, ["one@10", "two@10"]);
  assert.equal(clock.now(), 19);
  await clock.advance(1);
  assert.deepEqual(ran, ["one@10", "two@10", "late@20"]);
});

test("what a promise sets a timer for is met by the same advance, however long the chain", async () => {
  const clock = new ManualClock();
  const at: number[] = [];
  const loop = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      await new Promise<void>((resolve) => clock.after(10, resolve));
      for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
      at.push(clock.now());
    }
  };
  loop();

  await clock.advance(30);

  assert.deepEqual(at, [10, 20, 30]);
  assert.equal(clock.pending, 0);
});

test("time can pass until something is so, and no further", async () => {
  const clock = new ManualClock();
  let done = false;
  clock.after(10, () => {
    done = true;
  });
  clock.after(11, () => assert.fail("time went on"));

  await clock.until(() => done);

  assert.equal(clock.now(), 10);
});

test("what doesn't come is an error, not a test that hangs", async () => {
  const clock = new ManualClock();

  await assert.rejects(
    clock.until(() => false, "the answer"),
    /the answer didn't come/,
  );
  clock.after(101, () => {});
  await assert.rejects(
    clock.until(() => false, "the answer", 100),
    /within 100 ms/,
  );
});

test("timers that are set for now again and again are an error, not a test that hangs", async () => {
  const clock = new ManualClock();
  const again = (): void => void clock.after(0, again);
  again();

  await assert.rejects(clock.advance(1), /again and again/);
});

test("several who let time pass don't run what comes at once", async () => {
  const clock = new ManualClock();
  const ran: string[] = [];
  clock.after(10, async () => {
    ran.push("begun");
    await Promise.resolve();
    ran.push("done");
  });
  clock.after(10, () => ran.push("next"));

  await Promise.all([clock.advance(10), clock.advance(10), clock.until(() => ran.length === 3)]);

  assert.deepEqual(ran, ["begun", "done", "next"]);
});

test("the same seed gives the same numbers, another others", () => {
  const draw = (seed: number): number[] => Array.from({ length: 4 }, seededRandom(seed));

  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  assert.ok(draw(7).every((number) => number >= 0 && number < 1));
});
