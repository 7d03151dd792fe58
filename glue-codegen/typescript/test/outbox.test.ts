import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Outbox } from "../src/session/outbox.js";

function text(outbox: Outbox): string | undefined {
  const text = outbox.peek();
  outbox.shift();
  return text;
}

test("texts come out in order, however long the queue is never empty", () => {
  const outbox = new Outbox();
  outbox.push({ text: "0" });
  for (let next = 1; next < 10_000; next++) {
    outbox.push({ text: `${next}` });
    assert.equal(text(outbox), `${next - 1}`);
    assert.equal(outbox.length, 1);
  }
});

test("what was taken is forgotten, though the queue is never empty", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const outbox = new Outbox();
  const alive: WeakRef<object>[] = [];
  for (let next = 0; next < 5_000; next++) {
    const discarded = (): void => {};
    alive.push(new WeakRef(discarded));
    outbox.push({ text: "x", discarded });
    if (next) outbox.shift();
  }
  // What a weak reference was made of lives to the end of its turn.
  await new Promise((resolve) => setImmediate(resolve));
  collect();

  const kept = alive.filter((reference) => reference.deref()).length;
  assert.ok(kept <= 1_001, `${kept} kept`);
});

test("some can be taken out of the middle", () => {
  const outbox = new Outbox();
  for (const text of ["a", "b", "c", "d"]) outbox.push({ text, ephemeral: text < "c" });
  outbox.shift();

  const removed = outbox.remove(({ ephemeral }) => !!ephemeral);

  assert.deepEqual(
    removed.map(({ text }) => text),
    ["b"],
  );
  assert.deepEqual([text(outbox), text(outbox), text(outbox)], ["c", "d", undefined]);
});

// [T-6]
test("it is bounded, what the transport holds counted in", () => {
  const outbox = new Outbox();
  const half = { text: "x".repeat(8 * 1024 * 1024) };

  assert.ok(outbox.push(half));
  assert.ok(!outbox.push(half, 1));
  assert.ok(outbox.push(half));
  assert.ok(!outbox.push({ text: "x" }));
  outbox.shift();
  assert.ok(outbox.push({ text: "x" }));
});

test("control goes ahead of data, in its own order, however much waits [R-17]", () => {
  const outbox = new Outbox();
  const push = (text: string, ephemeral: boolean | "ahead"): boolean => outbox.push({ text, ephemeral });
  push("a", true);
  push("b", true);
  push("x".repeat(16 * 1024 * 1024), true);
  push("1", "ahead");
  assert.ok(push("2", "ahead"));
  assert.equal(text(outbox), "1");
  push("3", "ahead");

  assert.deepEqual([text(outbox), text(outbox), text(outbox), text(outbox)], ["2", "3", "a", "b"]);
  push("4", "ahead");
  outbox.remove(({ ephemeral }) => !!ephemeral);
  push("c", true);
  push("5", "ahead");

  assert.deepEqual([text(outbox), text(outbox), text(outbox)], ["5", "c", undefined]);
});
