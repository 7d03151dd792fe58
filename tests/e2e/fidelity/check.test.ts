// The checker by itself: what it lets through, the proof of fidelity lets through.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, test } from "node:test";
import { misfits, show } from "./check.js";
import { invent, Random } from "./invent.js";
import { isSame } from "./same.js";
import { type Shape, Shapes } from "./shape.js";

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const shapes = new Shapes(path("samples/tsconfig.json"));
after(() => shapes.close());
const shape = (name: string): Shape => shapes.exported(path("samples/types.ts"), name);

const GOOD: Readonly<Record<string, readonly unknown[]>> = {
  Point: [{ x: 1, y: null }, { x: 1, y: "b", z: [] }],
  Shape: ["None", { Circle: 1 }, { Pair: ["a", true] }],
  Tagged: [{ type: "a", x: 1 }, { type: "b" }],
  Both: [{ own: 1, type: "a", x: 1 }],
  Counts: [{}, { a: 1 }, Object.fromEntries([["__proto__", 1]])],
  ByKind: [{}, { a: 1 }],
  Tree: [{ children: [{ children: [] }] }],
  Exact: [[1n, new Uint8Array(1), new Date(0), new Map([[1n, "a"]]), new Set([1])]],
  Empty: [{}],
};

const BAD: Readonly<Record<string, readonly unknown[]>> = {
  Point: [{ x: 1 }, { x: "1", y: null }, { x: 1, y: null, more: 1 }, { x: 1, y: null, z: null }, [], null],
  Shape: ["Circle", { Circle: 1, Pair: ["a", true] }, { Circle: null }, { Pair: ["a"] }, { Pair: ["a", true, 1] }],
  Tagged: [{ type: "a" }, { type: "c" }, { type: "b", x: 1 }],
  Both: [{ own: 1 }, { type: "a", x: 1 }, { own: 1, type: "a", x: 1, more: 1 }, { own: 1, type: "a", x: "1" }],
  Counts: [{ a: "1" }, { a: null }, Object.fromEntries([["__proto__", "1"]])],
  ByKind: [{ c: 1 }, { a: null }],
  Tree: [{ children: [{}] }],
  Exact: [
    [1, new Uint8Array(1), new Date(0), new Map(), new Set()],
    [1n, [1], new Date(0), new Map(), new Set()],
    [1n, new Uint8Array(1), "1970-01-01T00:00:00Z", new Map(), new Set()],
    [1n, new Uint8Array(1), new Date(Number.NaN), new Map(), new Set()],
    [1n, new Uint8Array(1), new Date(0), new Map([["1", "a"]]), new Set()],
    [1n, new Uint8Array(1), new Date(0), new Map(), new Set(["1"])],
  ],
  Empty: [{ a: 1 }],
};

for (const [name, values] of Object.entries(GOOD)) {
  test(`values of ${name} fit`, () => {
    for (const value of values) assert.deepEqual(misfits(value, shape(name)), []);
  });
}

for (const [name, values] of Object.entries(BAD)) {
  test(`what is no ${name} doesn't`, () => {
    for (const value of values) assert.notEqual(misfits(value, shape(name)).length, 0, show(value));
  });
}

test("a misfit names its place", () => {
  const problems = misfits({ children: [{ children: [{}] }] }, shape("Tree"));

  assert.deepEqual(problems, ["value.children[0].children[0].children is missing"]);
});

test("values that are made up fit", () => {
  const random = new Random(1);

  for (const name of Object.keys(GOOD)) {
    for (let count = 0; count < 50; count += 1) {
      const value = invent(shape(name), random);
      assert.deepEqual(misfits(value, shape(name)), []);
      assert.ok(isSame(value, value, shape(name)));
    }
  }
});

test("values that differ aren't the same, but for what Rust may change", () => {
  const point = shape("Point");

  assert.ok(isSame({ x: 1, y: null, z: [] }, { x: 1, y: null }, point), "an empty member that is optional may be left out");
  assert.ok(isSame({ x: 1, y: null, z: [1, 2, 1] }, { x: 1, y: null, z: [2, 1] }, point), "an array may be a set");
  assert.ok(!isSame({ x: 1, y: null }, { x: 2, y: null }, point));
  assert.ok(!isSame({ x: 1, y: null, z: [1] }, { x: 1, y: null }, point));
  assert.ok(!isSame({ x: 1, y: null, z: [1] }, { x: 1, y: null, z: [2] }, point));
  assert.ok(!isSame({ x: 1, y: null }, { x: 1 }, point));
  assert.ok(!isSame({ Circle: 1 }, { Circle: 2 }, shape("Shape")));
  assert.ok(!isSame({ children: [] }, { children: [{ children: [] }] }, shape("Tree")));
});
