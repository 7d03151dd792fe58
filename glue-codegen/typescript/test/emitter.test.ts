import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../src/emitter.js";

type Events = { readonly tick: number };

test("listeners are called in order, each as often as it was added", () => {
  const emitter = new Emitter<Events>();
  const calls: string[] = [];
  const twice = (): number => calls.push("twice");
  emitter.add("tick", twice);
  emitter.add("tick", (value) => calls.push(`value ${value}`));
  emitter.add("tick", twice);

  emitter.emit("tick", 1);

  assert.deepEqual(calls, ["twice", "value 1", "twice"]);
});

test("a listener removed on the way is not called, one added is called next time", () => {
  const emitter = new Emitter<Events>();
  const calls: string[] = [];
  emitter.add("tick", () => {
    remove();
    emitter.add("tick", () => calls.push("added"), true);
  });
  const remove = emitter.add("tick", () => calls.push("removed"));

  emitter.emit("tick", 1);
  assert.deepEqual(calls, []);
  emitter.emit("tick", 2);

  assert.deepEqual(calls, ["added"]);
});

test("an event caused by a listener comes after its cause, at every listener", () => {
  const emitter = new Emitter<Events>();
  const calls: number[] = [];
  emitter.add("tick", (value) => {
    if (value < 3) emitter.emit("tick", value + 1);
  });
  emitter.add("tick", (value) => calls.push(value));

  emitter.emit("tick", 1);
  emitter.emit("tick", 3);

  assert.deepEqual(calls, [1, 2, 3, 3]);
});

test("removing a listener removes each of its registrations, also those for once", () => {
  const emitter = new Emitter<Events>();
  const calls: number[] = [];
  const listener = (value: number): number => calls.push(value);
  emitter.add("tick", listener);
  emitter.add("tick", listener, true);

  emitter.remove("tick", listener);
  emitter.emit("tick", 1);

  assert.deepEqual(calls, []);
});

test("what a listener throws surfaces later and stops nobody", (context) => {
  const emitter = new Emitter<Events>();
  const calls: number[] = [];
  const later: (() => void)[] = [];
  context.mock.method(globalThis, "queueMicrotask", (task: () => void) => later.push(task));
  emitter.add("tick", () => {
    throw new Error("oops");
  });
  emitter.add("tick", (value) => calls.push(value));

  emitter.emit("tick", 1);

  assert.deepEqual(calls, [1]);
  assert.throws(() => later[0]?.(), /oops/);
});
