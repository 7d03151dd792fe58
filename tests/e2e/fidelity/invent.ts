// Random values out of types alone, as a page might make them up.
import type { Kind, Shape } from "./shape.js";

/** Numbers that are the same on every machine: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % end;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

/**
 * Makes up a value. A TypeScript type doesn't say which numbers its Rust type can hold, nor that a text is one character:
 * numbers are integers from 1 to 100, which all of Rust's hold, texts have one character, and bytes are three, which the
 * generator's arrays have.
 */
export function invent(shape: Shape, random: Random, depth = 0): unknown {
  const { is } = shape;
  const count = (): number => (depth > 6 ? 0 : random.below(3));
  switch (is.kind) {
    case "anything":
      return null;
    case "nothing":
      throw new Error("the type has no values");
    case "primitive":
      return primitive(is.name, random);
    case "literal":
      return is.value;
    case "union": {
      // Left out is what `undefined` stands for, and a parameter that is left out comes as null.
      // What is deep chooses the shortest way to an end.
      const present = is.arms.filter((arm) => !(arm.is.kind === "primitive" && arm.is.name === "undefined"));
      const heights = present.map((arm) => height(arm));
      const least = Math.min(...heights);
      const arms = present.filter((_, index) => (depth > 6 ? heights[index] === least : Number.isFinite(heights[index])));
      const arm = arms[random.below(arms.length)];
      if (!arm) throw new Error(`${shape.text} has no values`);
      return invent(arm, random, depth + 1);
    }
    case "array":
      if (!Number.isFinite(height(is.item))) return [];
      return Array.from({ length: count() }, () => invent(is.item, random, depth + 1));
    case "tuple":
      return is.items.map((item) => invent(item, random, depth + 1));
    case "class":
      return instance(is, random, depth, count());
    case "object":
      return object(is, random, depth, count());
  }
}

function primitive(name: string, random: Random): unknown {
  switch (name) {
    case "string":
      return [...TEXT][random.below([...TEXT].length)];
    case "number":
      return 1 + random.below(100);
    case "bigint":
      return BigInt(1 + random.below(100));
    case "boolean":
      return random.chance(50);
    case "null":
      return null;
    default:
      return undefined;
  }
}

function instance({ name, args }: Kind & { kind: "class" }, random: Random, depth: number, count: number): unknown {
  const part = (index: number): unknown => {
    const arg = args[index];
    return arg ? invent(arg, random, depth + 1) : undefined;
  };
  if (name === "Date") return new Date(random.below(2 ** 31) * 1000);
  if (name === "Uint8Array") return Uint8Array.from({ length: 3 }, () => random.below(256));
  if (name === "Set") return distinct(Array.from({ length: count }, () => part(0)), (item) => item, (items) => new Set(items));
  const entries = Array.from({ length: count }, () => [part(0), part(1)] as const);
  return distinct(entries, ([key]) => key, (entries) => new Map(entries));
}

/** Two objects are two keys for JavaScript and may be one for Rust, which refuses a key that comes twice. */
function distinct<T, R>(items: readonly T[], key: (item: T) => unknown, collect: (items: T[]) => R): R {
  const texts = new Set<string>();
  const kept = items.filter((item) => {
    const text = JSON.stringify(key(item), (_name, part) => (typeof part === "bigint" ? `${part}` : part)) ?? "";
    return !texts.has(text) && texts.add(text);
  });
  return collect(kept);
}

function object({ members, indexes }: Kind & { kind: "object" }, random: Random, depth: number, count: number): unknown {
  const entries: [string, unknown][] = [];
  for (const [name, { optional, shape }] of members) {
    if (optional && (depth > 6 || random.chance(40))) continue;
    const value = invent(shape, random, depth + 1);
    if (value !== undefined) entries.push([name, value]);
  }
  const [index] = indexes;
  for (let number = 0; index && Number.isFinite(height(index.value)) && number < count; number += 1) {
    const key = index.key === "number" ? String(random.below(100)) : String(primitive("string", random));
    if (!members.has(key)) entries.push([key, invent(index.value, random, depth + 1)]);
  }
  // Not by assignment, to which `__proto__` means something else.
  return Object.fromEntries(entries);
}

/** How deep the smallest value of a type is; infinite while it is being asked for. */
function height(shape: Shape, asked: ReadonlySet<Shape> = new Set()): number {
  const { is } = shape;
  if (asked.has(shape)) return Number.POSITIVE_INFINITY;
  const inside = new Set(asked).add(shape);
  const most = (shapes: Iterable<Shape>): number => 1 + Math.max(0, ...[...shapes].map((part) => height(part, inside)));
  switch (is.kind) {
    case "nothing":
      return Number.POSITIVE_INFINITY;
    case "union":
      return 1 + Math.min(...is.arms.map((arm) => height(arm, inside)));
    case "tuple":
      return most(is.items);
    case "object":
      return most([...is.members.values()].filter(({ optional }) => !optional).map(({ shape }) => shape));
    default:
      return 1;
  }
}

const TEXT = 'abcXYZ019 _-"\\/&<>\0\n\t\u007f\u00e9\u2028\ufeff\uffff\u{1f4a5}\u{10ffff}';
