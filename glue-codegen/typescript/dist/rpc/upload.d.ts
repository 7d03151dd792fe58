import type { Rpc } from "./caller.js";
import type { CallOptions, Items } from "./options.js";
/** Calls a method that takes `items` as its last parameter; see {@link Upload}. */
export declare function callWith<T>(rpc: Rpc, method: string, args: object, items: Items<unknown>, options?: CallOptions): Promise<T>;
/** The same for a method that answers with items: each iteration reads `items` anew, as far as they can be. */
export declare function streamWith<T>(rpc: Rpc, method: string, args: object, items: Items<unknown>, options?: CallOptions): AsyncIterable<T>;
