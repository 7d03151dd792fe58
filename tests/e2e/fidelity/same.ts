// Compares what Rust has sent back with what was made up.
import { couldBe, isPlain } from "./check.js";
import type { Kind, Shape } from "./shape.js";

/**
 * Whether `back` is what Rust makes of `sent`. Two things it may change: what is empty may be left out where the type says that
 * the member is optional, and what is a set in Rust has no order and nothing twice, though it is an array here.
 */
export function isSame(sent: unknown, back: unknown, shape: Shape): boolean {
  const { is } = shape;
  switch (is.kind) {
    case "union":
      return is.arms.some((arm) => couldBe(sent, arm) && isSame(sent, back, arm));
    case "array":
      return Array.isArray(sent) && Array.isArray(back) && (inOrder(sent, back, is.item) || asSet(sent, back, is.item));
    case "tuple":
      return (
        Array.isArray(sent) &&
        Array.isArray(back) &&
        sent.length === back.length &&
        is.items.every((item, index) => isSame(sent[index], back[index], item))
      );
    case "class":
      return instances(sent, back, is);
    case "object":
      return isPlain(sent) && isPlain(back) && members(sent, back, is);
    default:
      return Object.is(sent, back);
  }
}

function inOrder(sent: readonly unknown[], back: readonly unknown[], item: Shape): boolean {
  return sent.length === back.length && sent.every((value, index) => isSame(value, back[index], item));
}

function asSet(sent: readonly unknown[], back: readonly unknown[], item: Shape): boolean {
  const holds = (values: readonly unknown[], wanted: unknown): boolean =>
    values.some((value) => isSame(value, wanted, item) || isSame(wanted, value, item));
  return sent.every((value) => holds(back, value)) && back.every((value) => holds(sent, value));
}

function instances(sent: unknown, back: unknown, { args }: Kind & { kind: "class" }): boolean {
  const [first, second] = args;
  if (sent instanceof Date && back instanceof Date) return sent.getTime() === back.getTime();
  if (sent instanceof Uint8Array && back instanceof Uint8Array) return `${sent}` === `${back}`;
  if (sent instanceof Set && back instanceof Set && first) return sent.size === back.size && asSet([...sent], [...back], first);
  if (!(sent instanceof Map && back instanceof Map && first && second)) return false;
  const found = (key: unknown, value: unknown): boolean =>
    [...back].some(([other, item]) => isSame(key, other, first) && isSame(value, item, second));
  return sent.size === back.size && [...sent].every(([key, value]) => found(key, value));
}

function members(
  sent: Readonly<Record<string, unknown>>,
  back: Readonly<Record<string, unknown>>,
  { members, indexes }: Kind & { kind: "object" },
): boolean {
  const names = new Set([...Object.keys(sent), ...Object.keys(back)]);
  return [...names].every((name) => {
    const member = members.get(name);
    const shape = member?.shape ?? indexes[0]?.value;
    if (!shape || !Object.hasOwn(sent, name)) return false;
    if (Object.hasOwn(back, name)) return isSame(sent[name], back[name], shape);
    return member?.optional === true && isEmpty(sent[name]);
  });
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === "") return true;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}
