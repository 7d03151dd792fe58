// What glue-codegen makes of odd types, on values: its golden folders say how the codecs look, this says what they do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Codec, OUT } from "../src/codec/codec.js";
import { bundle } from "../test-package/bundle.js";

interface Loaded {
  readonly codecs: Readonly<Record<string, Codec>>;
  /** That of the codecs: the bundle has the runtime's classes for itself. */
  readonly convert: typeof import("../src/codec/codec.js").convert;
}

const { codecs, convert } = await load("exact-odd");

async function load(folder: string): Promise<Loaded> {
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const generated = path(`../../tests/golden/${folder}/out/codecs.ts`);
  const [runtime, core] = [path("../src/codec/index.ts"), path("../src/codec/codec.ts")];
  const code = await bundle(
    `export * as codecs from ${JSON.stringify(generated)}; export { convert } from ${JSON.stringify(core)}`,
    {
      plugins: [
        {
          name: "runtime",
          setup: (build) =>
            build.onResolve({ filter: /\/runtime\/codec\/index\.js$/ }, () => ({ path: runtime })),
        },
      ],
    },
  );
  return import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
}

function both(type: string, wire: unknown, value: unknown): void {
  const codec = codecs[`${type}Codec`];
  assert.ok(codec, type);
  assert.deepEqual(convert(codec, wire, 0, "it"), value);
  assert.deepEqual(convert(codec, value, OUT, "it"), wire);
}

function refuses(type: string, wire: unknown, message: string): void {
  const codec = codecs[`${type}Codec`];
  assert.ok(codec, type);
  assert.throws(() => convert(codec, wire, 0, "it"), { message: `it: ${message} expected` });
}

const AT = "1970-01-01T00:00:00.007Z";
const DATE = new Date(7);

test("variants that are named, flattened and generic are told by their tag", () => {
  both("W", { t: "a", x: "1" }, { t: "a", x: 1n });
  both("W", { t: "b", v: "1" }, { t: "b", v: 1n });
  both("W", { t: "c", p: "1" }, { t: "c", p: "1" });
  both("Paged", { k: "A", items: ["1"] }, { k: "A", items: [1n] });
  both("Paged", { k: "B", items: ["1"] }, { k: "B", items: ["1"] });
  both("Fl2", { own: "1", t: "b", v: "1" }, { own: "1", t: "b", v: 1n });
  both("Num", { n: -1, v: "1" }, { n: -1, v: "1" });
  both("Num", { n: 2, v: AT }, { n: 2, v: DATE });
  both("Bool", { ok: false, e: "1" }, { ok: false, e: "1" });
  both("Tag2", { type: "x", kind: "2", v: AT }, { type: "x", kind: "2", v: DATE });
  both("Fl", { a: "1", p2: "1", B: { p: "1" } }, { a: 1n, p2: "1", B: { p: "1" } });
  refuses("W", { t: "b", v: 1 }, "v: a string of digits");
  refuses("W", { t: "z" }, 't: "a" or "b" or "c"');
});

test("what isn't tagged is told by all of it", () => {
  for (const [wire, value] of [
    [
      ["1", "2"],
      [1n, 2n],
    ],
    [[{ p: "1" }], [{ p: "1" }]],
    [{ p: "1" }, { p: "1" }],
    [
      { p: "1", q: "2" },
      { p: "1", q: 2n },
    ],
    [{ q: AT }, { q: DATE }],
    [
      { x: "1", y: "2" },
      { x: 1n, y: 2n },
    ],
    [true, true],
    [null, null],
  ]) {
    both("Unt", wire, value);
    both("Un2", wire, value);
  }
  both("Un2", "a", "a");
  both("Un2", { z: { p: "1", q: "2" } }, { z: { p: "1", q: 2n } });
  both("Fl3", { own: "x", t: "a", x: "1" }, { own: "x", t: "a", x: 1n });
  both("Fl3", { E: { x: 1, y: [{ A: "1" }, "D"] } }, { E: { x: 1, y: [{ A: 1n }, "D"] } });
  both("Single", { b: AT }, { b: DATE });
  both("Single", { a: "1" }, { a: 1n });
  both("Mix", { A: "1" }, { A: 1n });
  both("Mix", { a: "1", b: AT }, { a: 1n, b: DATE });
  both("Mix", "12", "12");
});

test("what takes anything stands behind what is exact", () => {
  both("Tmpl", "12", 12n);
  both("Tmpl", "id-12", "id-12");
  both("Big", { a: 1 }, { a: 1 });
  both("U", "a", "a");
  both("U", "7", 7n);
});

test("generic types code what stands for their parameters", () => {
  both("UseG", { a: ["1"], b: "1", n: null }, { a: [1n], b: "1", n: null });
  both(
    "UseG",
    { a: [], b: "1", n: { a: ["1"], b: "1", n: null } },
    { a: [], b: "1", n: { a: ["1"], b: 1n, n: null } },
  );
  both("UseD", [{ v: "1" }, { v: "1" }, { v: "1" }], [{ v: 1n }, { v: "1" }, { v: 1n }]);
  both("UseE", { a: "x", b: "1", c: { p: "1" } }, { a: "x", b: "1", c: { p: "1" } });
  both("UseE", { a: "1", b: 2, c: { x: "1" } }, { a: 1n, b: 2, c: { x: 1n } });
  both("UseR", { v: "1", r: { r: { v: ["2"], r: null } } }, { v: 1n, r: { r: { v: [2n], r: null } } });
  both("UseT", { title: "x", items: [1] }, { title: "x", items: [1] });
  both("UseT", { title: "x", items: ["1"] }, { title: "x", items: [1n] });
  refuses("UseT", { items: ["1"] }, "title: a value");
  both("UseO", null, null);
});

test("members may have any name, and values any depth", () => {
  const named = (text: string): unknown => JSON.parse(text);
  const wire = named(`{"a\\"b":"1","c d":"${AT}","é":[1],"__proto__":"2","constructor":"3"}`);
  const codec = codecs["QCodec"] as Codec;

  const value = codec(wire, 0) as Record<string, unknown>;

  assert.deepEqual(Object.values(value), [1n, DATE, new Set([1]), 2n, 3n]);
  assert.equal(JSON.stringify(codec(value, OUT)), JSON.stringify(wire));
  both(
    "Nest",
    { t: ["1", [AT, [["x", [["2", 3]]]]]], m: [[["k", "4"], [[null, true]]]] },
    { t: [1n, [DATE, [["x", new Set([[2n, 3]])]]]], m: new Map([[["k", 4n], new Map([[null, true]])]]) },
  );
});
