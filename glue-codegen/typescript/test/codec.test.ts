import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { type Codec, convert, OUT } from "../src/codec/codec.js";
import {
  any,
  array,
  bigint,
  boolean,
  bytes,
  date,
  generic,
  intersection,
  lazy,
  literal,
  map,
  nullable,
  number,
  object,
  oneOf,
  record,
  set,
  string,
  tuple,
  union,
} from "../src/codec/index.js";
import { seededRandom } from "../src/testing/index.js";

const decode = (codec: Codec, wire: unknown): unknown => convert(codec, wire, 0, "it");
const encode = (codec: Codec, value: unknown): unknown => convert(codec, value, OUT, "it");

/** The two forms of a value, of which each gives the other. */
function both(codec: Codec, wire: unknown, value: unknown): void {
  assert.deepEqual(decode(codec, wire), value);
  assert.deepEqual(encode(codec, value), wire);
}

function refusesWire(codec: Codec, wire: unknown, message: string): void {
  assert.throws(() => decode(codec, wire), { name: "TypeError", message: `it: ${message} expected` });
}

function refusesValue(codec: Codec, value: unknown, message: string): void {
  assert.throws(() => encode(codec, value), { name: "TypeError", message: `it: ${message} expected` });
}

// [V-1]
test("integers are digits on the wire and bigints here", () => {
  for (const text of [
    "0",
    "-1",
    "9007199254740993",
    "-9223372036854775808",
    "18446744073709551615",
    "340282366920938463463374607431768211455",
    "-170141183460469231731687303715884105728",
  ]) {
    both(bigint, text, BigInt(text));
  }
  for (const wire of [
    "",
    "-",
    "-0",
    "+1",
    "01",
    "1.0",
    "1e3",
    " 1",
    "1\n",
    "0x1f",
    "1n",
    "٣",
    1,
    1n,
    null,
    ["1"],
  ]) {
    refusesWire(bigint, wire, "a string of digits");
  }
  // Some server's text must not keep the page busy for minutes.
  refusesWire(bigint, "1".repeat(1_000_000), "a string of digits");
  for (const value of [1, "1", null, undefined, Object(1n), 10n ** 39n]) {
    refusesValue(bigint, value, "a bigint of at most 128 bits");
  }
});

// [V-2]
test("bytes are base64 with padding on the wire and a Uint8Array here", () => {
  const of = (...values: readonly number[]): Uint8Array => new Uint8Array(values);
  both(bytes, "", of());
  both(bytes, "Zg==", of(102));
  both(bytes, "Zm8=", of(102, 111));
  both(bytes, "Zm9v", of(102, 111, 111));
  both(bytes, "+/8A", of(251, 255, 0));

  for (const wire of [
    "Zg",
    "Zg=",
    "Zg===",
    "Zm9",
    "=",
    "====",
    "Z===",
    "Zg==Zg==",
    "Zm=v",
    "Zm 9v",
    " Zm9",
    "Zm9v\n",
    "-_8A",
    // Bits behind the last byte.
    "Zh==",
    "Zm9=",
    1,
    null,
    [102],
  ]) {
    refusesWire(bytes, wire, "base64 with padding");
  }
  for (const value of [
    [102],
    "Zg==",
    new ArrayBuffer(1),
    new Uint16Array(1),
    new Uint8ClampedArray(1),
    null,
  ]) {
    refusesValue(bytes, value, "a Uint8Array");
  }
  assert.equal(encode(bytes, Buffer.from("foo")), "Zm9v");
  assert.equal(encode(bytes, new Uint8Array([0, 102, 111, 111, 0]).subarray(1, 4)), "Zm9v");
});

// [V-2]
test("bytes of every length and value are kept, a megabyte as well", () => {
  const random = seededRandom(7);
  const lengths = [...Array(70).keys(), 8_191, 8_192, 8_193, 24_576, 1 << 20];
  for (const length of lengths) {
    const value = Uint8Array.from({ length }, () => random() * 256);
    const wire = encode(bytes, value) as string;
    assert.equal(wire, Buffer.from(value).toString("base64"));
    assert.ok(Buffer.from(decode(bytes, wire) as Uint8Array).equals(value));
  }
});

// [V-3]
test("instants are RFC 3339 on the wire and a Date here", () => {
  both(date, "2024-02-29T12:34:56.789Z", new Date("2024-02-29T12:34:56.789Z"));
  both(date, "0000-01-01T00:00:00.000Z", new Date("0000-01-01T00:00:00.000Z"));
  both(date, "9999-12-31T23:59:59.999Z", new Date("9999-12-31T23:59:59.999Z"));
  for (const [wire, time] of [
    ["1970-01-01T00:00:00Z", 0],
    ["1970-01-01t00:00:00.5z", 500],
    ["1970-01-01T00:00:01.123456789Z", 1_123],
    // Cut off, not rounded, also before 1970.
    ["1969-12-31T23:59:59.9999Z", -1],
    ["1970-01-01T02:00:00+02:00", 0],
    ["1969-12-31T18:29:00.25-05:31", 250],
  ] as const) {
    assert.deepEqual(decode(date, wire), new Date(time));
  }
  for (const wire of [
    "2024-02-30T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-00-01T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T23:59:60Z",
    "2024-01-01T00:60:00Z",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00Z",
    "2024-01-01 00:00:00Z",
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00.0123456789Z",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00+0100",
    "+002024-01-01T00:00:00Z",
    "2024-01-01T00:00:00Z\n",
    "2024-01-01",
    "yesterday",
    "",
    0,
    null,
  ]) {
    refusesWire(date, wire, "an RFC 3339 date and time");
  }
  for (const value of [
    new Date(Number.NaN),
    new Date("+010000-01-01T00:00:00Z"),
    new Date("-000001-12-31T23:59:59.999Z"),
    "2024-01-01T00:00:00Z",
    0,
    null,
    { getUTCFullYear: () => 2024 },
  ]) {
    refusesValue(date, value, "a Date of the years 0 to 9999");
  }
});

test("what another context has made is taken as well", () => {
  const [moment, some, data, plain] = runInNewContext(
    "[new Date(0), new Set(['a']), new Uint8Array([102]), { a: [1n] }]",
  );

  assert.equal(encode(date, moment), "1970-01-01T00:00:00.000Z");
  assert.deepEqual(encode(set(any), some), ["a"]);
  assert.equal(encode(bytes, data), "Zg==");
  assert.deepEqual(encode(object({ a: array(bigint) }), plain), { a: ["1"] });
});

// [V-4]
test("maps are arrays of entries on the wire, and no key is there twice", () => {
  const codec = map(bigint, date);
  both(codec, [], new Map());
  both(codec, [["2", "1970-01-01T00:00:00.000Z"]], new Map([[2n, new Date(0)]]));
  both(map(string, map(number, any)), [["a", [[1, { x: [] }]]]], new Map([["a", new Map([[1, { x: [] }]])]]));

  refusesWire(
    map(string, any),
    [
      ["a", 1],
      ["b", 2],
      ["a", 3],
    ],
    "[2]: no second of the same",
  );
  refusesWire(
    map(date, any),
    [
      ["1970-01-01T00:00:00Z", 1],
      ["1970-01-01T00:00:00Z", 2],
    ],
    "[1]: no second of the same",
  );
  refusesWire(
    map(object({ id: bigint }), any),
    [
      [{ id: "1" }, 1],
      [{ id: "1" }, 2],
    ],
    "[1]: no second of the same",
  );
  refusesWire(codec, [["2", 0]], "[0][1]: an RFC 3339 date and time");
  refusesWire(codec, [[2, "1970-01-01T00:00:00Z"]], "[0][0]: a string of digits");
  refusesWire(codec, [["2"]], "[0]: an array of 2");
  refusesWire(codec, { 2: "1970-01-01T00:00:00Z" }, "an array");

  const twice = new Map([
    [new Date(0), 1],
    [new Date(0), 2],
  ]);
  refusesValue(map(date, any), twice, "[1]: no second of the same");
  for (const value of [{}, [], new Set(), null]) refusesValue(codec, value, "a Map");
});

// [V-5]
test("sets are arrays on the wire, and no value is there twice", () => {
  both(set(string), ["b", "a"], new Set(["b", "a"]));
  both(set(set(bigint)), [["1"], []], new Set([new Set([1n]), new Set()]));

  refusesWire(set(any), [1, "1", 1], "[2]: no second of the same");
  refusesWire(set(bigint), ["1", "2", 3], "[2]: a string of digits");
  refusesWire(set(any), {}, "an array");
  refusesValue(set(date), new Set([new Date(0), new Date(0)]), "[1]: no second of the same");
  for (const value of [[], {}, new Map(), null]) refusesValue(set(any), value, "a Set");
});

test("members that need nothing stay as they are, and what was given isn't changed", () => {
  const codec = object({ id: bigint }, { at: nullable(date) });
  const wire = Object.freeze({ id: "1", name: "x", list: [{}] });

  const value = decode(codec, wire) as { id: bigint; name: string; list: unknown[] };

  assert.deepEqual(value, { id: 1n, name: "x", list: [{}] });
  assert.equal(value.list, wire.list);
  assert.deepEqual(encode(codec, { id: 2n, at: undefined }), { id: "2", at: undefined });
  both(codec, { id: "3", at: null }, { id: 3n, at: null });
  refusesWire(codec, { at: null }, "id: a value");
  refusesWire(codec, { id: null }, "id: a string of digits");
  for (const wrong of [null, [], "x", 1, undefined]) refusesWire(codec, wrong, "an object");
  for (const wrong of [new Map(), new Date(), new Uint8Array()]) refusesValue(codec, wrong, "an object");
});

test("members with the names of what every object has are none until they are there", () => {
  const codec = object({}, { toString: bigint, constructor: bigint, ["__proto__"]: bigint });

  assert.deepEqual(decode(codec, {}), {});
  both(
    codec,
    JSON.parse('{"toString":"1"}'),
    JSON.parse('{"toString":0}', (_, value) => (value === 0 ? 1n : value)),
  );
  const value = decode(codec, JSON.parse('{"__proto__":"1"}')) as object;
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.entries(value), [["__proto__", 1n]]);
  const keys = decode(record(bigint), JSON.parse('{"__proto__":"1","a":"2"}')) as object;
  assert.deepEqual(Object.entries(keys), [
    ["__proto__", 1n],
    ["a", 2n],
  ]);
});

test("records, arrays and tuples code what they hold", () => {
  both(record(bigint), { a: "1", "b c": "2" }, { a: 1n, "b c": 2n });
  both(array(nullable(bigint)), ["1", null], [1n, null]);
  both(tuple(bigint, any), ["1", "x"], [1n, "x"]);
  assert.deepEqual(encode(record(bigint), { a: undefined, b: 1n }), { b: "1" });

  refusesWire(record(bigint), { a: "1", b: "x" }, "b: a string of digits");
  refusesValue(record(bigint), new Map([["a", 1n]]), "an object");
  refusesWire(tuple(bigint), [], "an array of 1");
  refusesWire(tuple(bigint), ["1", "2"], "an array of 1");
  refusesWire(array(bigint), { length: 0 }, "an array");
  refusesValue(array(bigint), [1n, undefined, 2n], "[1]: a bigint of at most 128 bits");
});

test("the place of what doesn't fit is told", () => {
  const codec = object({ at: object({ items: array(record(tuple(bigint, any))) }) });

  refusesWire(
    codec,
    { at: { items: [{}, { x: ["1", 0], y: ["z", 0] }] } },
    "at.items[1].y[0]: a string of digits",
  );
});

const ENTRY = oneOf(
  object({ Deposit: object({ amount: bigint }) }),
  object({ Note: any }),
  literal("Opened"),
  literal("Closed"),
);
const CHANGE = oneOf(
  object({ kind: literal("paid"), amount: bigint }),
  object({ kind: literal("renamed") }),
  intersection(object({ kind: literal("closed") }), object({ at: date })),
);

test("tags tell the arms of a union", () => {
  both(ENTRY, { Deposit: { amount: "5" } }, { Deposit: { amount: 5n } });
  both(ENTRY, { Note: 7 }, { Note: 7 });
  both(ENTRY, "Closed", "Closed");
  both(CHANGE, { kind: "paid", amount: "5" }, { kind: "paid", amount: 5n });
  both(CHANGE, { kind: "renamed", name: "x" }, { kind: "renamed", name: "x" });
  both(CHANGE, { kind: "closed", at: "1970-01-01T00:00:00.000Z" }, { kind: "closed", at: new Date(0) });
});

test("of several arms the one that fits best says what is wrong", () => {
  refusesWire(ENTRY, { Deposit: { amount: 5 } }, "Deposit.amount: a string of digits");
  refusesWire(ENTRY, { Deposit: 5 }, "Deposit: an object");
  refusesWire(ENTRY, "Open", 'an object or "Opened" or "Closed"');
  refusesWire(CHANGE, { kind: "paid" }, "amount: a value");
  refusesWire(CHANGE, { kind: "paid", amount: 5 }, "amount: a string of digits");
  refusesWire(CHANGE, { kind: "closed", at: "x" }, "at: an RFC 3339 date and time");
  refusesWire(CHANGE, { kind: "new" }, 'kind: "paid" or "renamed" or "closed"');
  refusesWire(oneOf(), 1, "nothing");
});

test("arms that only the whole value tells apart are tried in their order", () => {
  const codec = union(bigint, array(date), array(string), string, object({ a: boolean }), object({ a: any }));

  both(codec, "12", 12n);
  both(codec, "twelve", "twelve");
  both(codec, ["1970-01-01T00:00:00.000Z"], [new Date(0)]);
  both(codec, ["today"], ["today"]);
  both(codec, { a: 1 }, { a: 1 });
  // A text of digits is what it is for serde as well: the first that fits.
  assert.equal(encode(codec, "12"), "12");
});

test("an arm that has all members wins over one that knows but some", () => {
  const codec = union(
    object({ name: string }),
    object({ name: string, id: bigint }),
    intersection(object({ name: string }), object({ at: date })),
  );

  both(codec, { name: "x" }, { name: "x" });
  both(codec, { name: "x", id: "1" }, { name: "x", id: 1n });
  // What no arm knows doesn't matter where nothing fits better.
  both(codec, { name: "x", more: 1 }, { name: "x", more: 1 });
  // So it is further in.
  both(array(codec), [{ name: "x", id: "1" }], [{ name: "x", id: 1n }]);
  both(
    union(object({ a: codec }), object({ b: codec })),
    { b: { name: "x", id: "1" } },
    { b: { name: "x", id: 1n } },
  );
});

/** Converts 60 levels of `wrap` around `wire`; says how often the leaf was looked at. */
function asked(make: (leaf: Codec) => Codec, wire: unknown, wrap: (inner: unknown) => unknown): number {
  let count = 0;
  const codec = make((value, way) => {
    count++;
    return bigint(value, way);
  });
  let value = wire;
  for (let level = 0; level < 60; level++) value = wrap(value);
  try {
    decode(codec, value);
  } catch {
    // What doesn't fit must not take longer than what does.
  }
  return count;
}

test("unions within unions look at each value but a few times", () => {
  const late = (leaf: Codec): Codec => {
    const node: Codec = lazy(() =>
      union(object({ in: nullable(node), v: leaf }), object({ in: nullable(node), v: leaf, w: date })),
    );
    return node;
  };
  const tagged = (leaf: Codec): Codec => {
    const node: Codec = lazy(() =>
      oneOf(
        object({ in: nullable(node), v: leaf, t: literal("a") }),
        object({ in: nullable(node), t: literal("b") }),
      ),
    );
    return node;
  };
  const nested = (leaf: Codec): Codec => {
    const node: Codec = lazy(() => union(leaf, array(node), set(node)));
    return node;
  };
  const general = (leaf: Codec): Codec => {
    const node = generic((item) =>
      union(object({ in: nullable(node(item)), v: item }), object({ in: nullable(node(item)), v: date })),
    );
    return node(leaf);
  };
  const at = new Date(0).toISOString();

  assert.ok(asked(late, null, (inner) => ({ in: inner, v: "1", w: at })) < 1_000);
  assert.ok(asked(tagged, null, (inner) => ({ in: inner, v: "1", t: "b" })) < 1_000);
  assert.ok(asked(nested, "x", (inner) => [inner]) < 1_000);
  assert.ok(asked(general, null, (inner) => ({ in: inner, v: at })) < 1_000);
});

test("unions within unions give what they gave where one is looked at again", () => {
  const inner = union(object({ a: bigint }), object({ b: bigint }));
  const outer = oneOf(
    object({ x: inner, t: literal(1) }),
    object({ x: inner, y: array(inner), t: literal(2) }),
  );

  both(
    outer,
    { x: { b: "1" }, y: [{ a: "2" }, { b: "3" }], t: 2 },
    { x: { b: 1n }, y: [{ a: 2n }, { b: 3n }], t: 2 },
  );
  refusesWire(
    oneOf(object({ p: inner, t: literal(1) }), object({ p: inner, t: literal(2) })),
    { p: { b: "x" }, t: 2 },
    "p.b: a string of digits",
  );
});

test("a generic type has one codec for the same codecs", () => {
  let made = 0;
  const tree = generic((item) => {
    made++;
    return object({ value: item, left: nullable(tree(item)), right: nullable(tree(item)) });
  });
  const leaf = { value: "1", left: null, right: null };
  const pair = { value: "2", left: leaf, right: leaf };

  decode(tree(bigint), { value: "3", left: pair, right: pair });

  assert.equal(made, 1);
  assert.equal(tree(bigint), tree(bigint));
  assert.notEqual(tree(bigint), tree(date));
});

test("types may hold themselves", () => {
  const tree: Codec = lazy(() => object({ value: bigint, children: array(tree), parent: nullable(tree) }));
  const page = (item: Codec): Codec => lazy(() => object({ items: array(item), next: nullable(page(item)) }));

  both(
    tree,
    { value: "1", children: [{ value: "2", children: [], parent: null }], parent: null },
    { value: 1n, children: [{ value: 2n, children: [], parent: null }], parent: null },
  );
  both(
    page(bigint),
    { items: ["1"], next: { items: [], next: null } },
    { items: [1n], next: { items: [], next: null } },
  );
});

/** A codec of any kind, with values that fit it. */
interface Kind {
  readonly codec: Codec;
  readonly draw: () => unknown;
}

/** Draws codecs and values; each value is as the application has it. */
class Draw {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  list<T>(most: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.below(most + 1) }, (_, index) => make(index));
  }

  kind(depth: number): Kind {
    const leaf = this.below(depth ? 12 : 5);
    switch (leaf) {
      case 0:
        return {
          codec: bigint,
          draw: () => BigInt(this.below(9)) * 10n ** BigInt(this.below(38)) * (this.below(2) ? 1n : -1n),
        };
      case 1:
        return { codec: bytes, draw: () => Uint8Array.from(this.list(9, () => this.below(256))) };
      case 2:
        return { codec: date, draw: () => new Date(this.below(2 ** 52) * 0.05 - 6e13) };
      case 3:
        return { codec: any, draw: () => ({ text: `${this.below(99)}` }) };
      case 4:
        return { codec: string, draw: () => `text ${this.below(99)}` };
      case 5: {
        const item = this.kind(depth - 1);
        return { codec: array(item.codec), draw: () => this.list(4, item.draw) };
      }
      case 6: {
        const items = [this.kind(depth - 1), this.kind(depth - 1)];
        return {
          codec: tuple(...items.map(({ codec }) => codec)),
          draw: () => items.map(({ draw }) => draw()),
        };
      }
      case 7: {
        const [key, value] = [this.kind(0), this.kind(depth - 1)];
        return {
          codec: map(key.codec, value.codec),
          draw: () => new Map(this.#distinct(key).map((key) => [key, value.draw()])),
        };
      }
      case 8: {
        const item = this.kind(depth - 1);
        return { codec: set(item.codec), draw: () => new Set(this.#distinct(item)) };
      }
      case 9: {
        const item = this.kind(depth - 1);
        return { codec: nullable(item.codec), draw: () => (this.below(3) ? item.draw() : null) };
      }
      case 10: {
        const arms = this.list(3, () => this.kind(depth - 1)).concat(this.kind(depth - 1));
        return {
          codec: oneOf(...arms.map(({ codec }, tag) => object({ tag: literal(tag), value: codec }))),
          draw: () => {
            const tag = this.below(arms.length);
            return { tag, value: arms[tag]?.draw() };
          },
        };
      }
      default: {
        const [required, optional] = [this.kind(depth - 1), this.kind(depth - 1)];
        return {
          codec: object({ required: required.codec }, { optional: optional.codec }),
          draw: () => ({
            required: required.draw(),
            ...(this.below(2) ? { optional: optional.draw() } : {}),
            other: 1,
          }),
        };
      }
    }
  }

  /** Values that differ on the wire. */
  #distinct({ codec, draw }: Kind): unknown[] {
    const values = this.list(4, draw).map((value) => [JSON.stringify(encode(codec, value)), value] as const);
    return [...new Map(values).values()];
  }
}

test("whatever fits comes back from its JSON as it was", () => {
  for (let seed = 0; seed < 500; seed++) {
    const draw = new Draw(seed);
    const { codec, draw: value } = draw.kind(4);
    for (let round = 0; round < 4; round++) {
      const given = value();
      const wire = JSON.stringify(encode(codec, given));
      assert.deepEqual(decode(codec, JSON.parse(wire)), given, `seed ${seed}: ${wire}`);
    }
  }
});

test("whatever comes is taken or refused by name, and what is taken goes back as it came", () => {
  const junk: readonly unknown[] = [
    null,
    true,
    0,
    -1.5,
    "",
    "1",
    "Zg==",
    [],
    [[]],
    {},
    { tag: 0 },
    { required: "1" },
  ];
  let taken = 0;
  for (let seed = 0; seed < 500; seed++) {
    const { codec } = new Draw(seed).kind(3);
    for (const wire of junk) {
      try {
        const value = decode(codec, wire);
        assert.deepEqual(encode(codec, value), wire);
        taken++;
      } catch (error) {
        assert.match((error as Error).message, /^it: .* expected$/);
      }
    }
  }
  assert.ok(taken > 100, `${taken}`);
});
