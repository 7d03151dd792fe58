import { type Unsubscribe } from "../emitter.js";
import type { Rpc } from "./caller.js";
type AnyHandler = (args: never, context: never) => unknown;
/**
 * Answers the server's calls of `method` by `handler`, until the function that it returns is called; then they are
 * `unimplemented` again. Throws a `GlueError`, `invalid_argument`, if there is a handler already.
 */
export declare function handle(rpc: Rpc, method: string, handler: AnyHandler): Unsubscribe;
export {};
