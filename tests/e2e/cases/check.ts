// What cases expect, said in a way that works in a page too, where there is no `node:assert`.
import { GlueError } from "../generated/runtime/index.js";

/** Fails unless the two are written alike. */
export function same(actual: unknown, expected: unknown, what = "found"): void {
  const [left, right] = [show(actual), show(expected)];
  if (left !== right) throw new Error(`${what} ${shorten(left)}, expected ${shorten(right)}`);
}

/** Fails unless it holds. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
}

/** The error with which a promise fails, which must be one of ours. */
export async function failure(promise: PromiseLike<unknown>): Promise<GlueError> {
  const error = await promise.then(
    (value) => new Error(`it succeeded with ${shorten(show(value))}`),
    (error: unknown) => error,
  );
  if (error instanceof GlueError) return error;
  throw error;
}

/** JSON that tells apart what `JSON.stringify` would not, or doesn't know. */
function show(value: unknown): string {
  return JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key, part: unknown) {
    // As it was before `toJSON`.
    const raw = this[key];
    if (raw === undefined) return "(undefined)";
    if (typeof raw === "bigint") return `(bigint ${raw})`;
    if (raw instanceof Date) return `(Date ${raw.getTime()})`;
    if (raw instanceof Map || raw instanceof Set) return [`(${raw.constructor.name})`, ...raw];
    if (raw instanceof Uint8Array) return ["(bytes)", ...raw];
    return Object.is(part, -0) ? "(-0)" : part;
  });
}

function shorten(text: string): string {
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length})` : text;
}
