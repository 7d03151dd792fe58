// Holds values against types: what is missing, what is too much, what is something else.
import type { Index, Kind, Shape } from "./shape.js";

/** Returns where and why `value` isn't of the type, each with its path; nothing if it is. */
export function misfits(value: unknown, shape: Shape, path = "value"): readonly string[] {
  return misfit(value, shape, path, true);
}

/** `exact`: members that the type doesn't name are none of its values'. Parts of an intersection see those of the others. */
function misfit(value: unknown, shape: Shape, path: string, exact: boolean): readonly string[] {
  const { is } = shape;
  const other = (): readonly string[] => [`${path}: ${show(value)} is no ${shape.text}`];
  switch (is.kind) {
    case "anything":
      return [];
    case "nothing":
      return other();
    case "primitive":
      return (is.name === "null" ? value === null : typeof value === is.name) ? [] : other();
    case "literal":
      return Object.is(value, is.value) ? [] : other();
    case "union": {
      const plausible = is.arms.filter((arm) => couldBe(value, arm));
      const each = plausible.map((arm) => misfit(value, arm, path, exact));
      if (each.some((problems) => problems.length === 0)) return [];
      const closest = each.reduce((best, problems) => (depth(problems) > depth(best) ? problems : best), []);
      return [...other(), ...closest];
    }
    case "array":
      if (!Array.isArray(value)) return other();
      return value.flatMap((item, index) => misfit(item, is.item, `${path}[${index}]`, true));
    case "tuple":
      if (!Array.isArray(value) || value.length !== is.items.length) return other();
      return is.items.flatMap((item, index) => misfit(value[index], item, `${path}[${index}]`, true));
    case "class":
      return instance(value, is, path) ?? other();
    case "object":
      return isPlain(value) ? members(value, is, path, exact) : other();
  }
}

/**
 * Whether a value looks like one of the type from outside. Where this says no, so would {@link misfits}; looking into each arm
 * of each union on each level would take for ever.
 */
export function couldBe(value: unknown, { is }: Shape): boolean {
  switch (is.kind) {
    case "literal":
      return Object.is(value, is.value);
    case "primitive":
      return is.name === "null" ? value === null : typeof value === is.name;
    case "array":
      return Array.isArray(value);
    case "tuple":
      return Array.isArray(value) && value.length === is.items.length;
    case "object":
      return (
        isPlain(value) &&
        [...is.members].every(([name, { optional, shape }]) => {
          if (!Object.hasOwn(value, name)) return optional;
          return shape.is.kind !== "literal" || Object.is(value[name], shape.is.value);
        })
      );
    default:
      return true;
  }
}

function instance(
  value: unknown,
  { name, args }: Kind & { kind: "class" },
  path: string,
): readonly string[] | undefined {
  const [first, second] = args;
  if (name === "Date") return value instanceof Date && !Number.isNaN(value.getTime()) ? [] : undefined;
  if (name === "Uint8Array") return value instanceof Uint8Array ? [] : undefined;
  if (name === "Set") {
    if (!(value instanceof Set) || !first) return undefined;
    return [...value].flatMap((item, index) => misfit(item, first, `${path}(${index})`, true));
  }
  if (!(value instanceof Map) || !first || !second) return undefined;
  return [...value].flatMap(([key, item], index) => [
    ...misfit(key, first, `${path}(key ${index})`, true),
    ...misfit(item, second, `${path}(${show(key)})`, true),
  ]);
}

function members(
  value: Readonly<Record<string, unknown>>,
  { members, indexes, parts }: Kind & { kind: "object" },
  path: string,
  exact: boolean,
): readonly string[] {
  if (parts.length > 0) {
    const problems = parts.flatMap((part) => misfit(value, part, path, false));
    return [...problems, ...(exact ? tooMuch(value, members, indexes, path) : [])];
  }
  const problems: string[] = [];
  for (const [name, { optional, shape }] of members) {
    const inner = `${path}${accessor(name)}`;
    if (Object.hasOwn(value, name)) problems.push(...misfit(value[name], shape, inner, true));
    else if (!optional) problems.push(`${inner} is missing`);
  }
  for (const [name, item] of Object.entries(value)) {
    const index = indexes.find((index) => fits(name, index));
    // As for the compiler, what a part names itself must fit its index as well; members by name are seen above.
    if (index && !members.has(name)) problems.push(...misfit(item, index.value, `${path}${accessor(name)}`, true));
  }
  return exact ? [...problems, ...tooMuch(value, members, indexes, path)] : problems;
}

function tooMuch(
  value: Readonly<Record<string, unknown>>,
  members: ReadonlyMap<string, unknown>,
  indexes: readonly Index[],
  path: string,
): readonly string[] {
  const extra = Object.keys(value).filter((name) => !members.has(name) && !indexes.some((index) => fits(name, index)));
  return extra.map((name) => `${path}${accessor(name)} is in no type`);
}

/** Whether an index signature speaks of a name. */
function fits(name: string, { key }: Index): boolean {
  return key === "string" || String(Number(name)) === name || /^-?\d+$/.test(name);
}

export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function accessor(name: string): string {
  return /^[a-z_$][\w$]*$/i.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** How far a misfit lies inside: of the arms of a union, the one that fits longest was meant. */
function depth(problems: readonly string[]): number {
  return Math.max(0, ...problems.map((problem) => problem.split(/[ :]/)[0]?.length ?? 0));
}

/** A value as a person reads it. */
export function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Map) return `Map ${show([...value])}`;
  if (value instanceof Set) return `Set ${show([...value])}`;
  const json = JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? `${part}n` : part));
  return json === undefined ? String(value) : json.length > 300 ? `${json.slice(0, 300)}…` : json;
}
