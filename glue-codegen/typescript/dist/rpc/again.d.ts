/** What goes on in the next session, for generated code: calls that may run twice, and streams with cursors. */
import type { Rpc } from "./caller.js";
import type { CallOptions } from "./options.js";
/**
 * Calls a method that may run twice: where the outcome would be `unknown`, it is asked again in the next session, within
 * its time.
 */
export declare function callAgain<T>(rpc: Rpc, method: string, args: object, options?: CallOptions): Promise<T>;
/**
 * The items of a stream that goes on in the next session, behind the last item that came: its cursor is the argument
 * `after` there [S-14].
 */
export declare function streamFrom<T>(rpc: Rpc, method: string, after: string, args: object, options?: CallOptions): AsyncIterable<T>;
