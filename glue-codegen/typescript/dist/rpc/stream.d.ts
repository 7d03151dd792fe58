import type { Calls } from "./calls.js";
import type { Exchange } from "./exchange.js";
/** One iteration over a stream; `begin` starts its exchange, with the first `next`. */
export declare function read(calls: Calls, method: string, args: string, begin: (exchange: Exchange) => void): AsyncIterator<unknown, undefined>;
