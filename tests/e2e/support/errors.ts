import assert from "node:assert/strict";
import { afterEach } from "node:test";
import { GlueError } from "../generated/runtime/index.js";

/** Fails each test of the file in which an error reached nobody. */
export function failOnUnhandled(): void {
  const unhandled: unknown[] = [];
  process.on("unhandledRejection", (reason) => unhandled.push(reason));
  process.on("uncaughtException", (error) => unhandled.push(error));
  afterEach(() => assert.deepEqual(unhandled.splice(0), []));
}

/** Asserts that an error is one of ours, of this code. */
export function assertCode(error: unknown, code: GlueError["code"]): asserts error is GlueError {
  // With messages: without one `assert` looks for the line in the source, which takes it minutes in what tsx makes.
  assert.ok(error instanceof GlueError, `of another kind: ${error}`);
  assert.equal(error.code, code, error.message);
}
