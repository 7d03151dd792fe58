import assert from "node:assert/strict";
import { afterEach } from "node:test";

/** Fails each test of the file in which an error reached nobody. */
export function failOnUnhandled(): void {
  const unhandled: unknown[] = [];
  process.on("unhandledRejection", (reason) => unhandled.push(reason));
  process.on("uncaughtException", (error) => unhandled.push(error));
  afterEach(() => assert.deepEqual(unhandled.splice(0), []));
}
