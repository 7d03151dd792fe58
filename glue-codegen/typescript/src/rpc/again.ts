/** What goes on in the next session, for generated code: calls that may run twice, and streams with cursors. */
import type { Rpc } from "./caller.js";
import type { Calls } from "./calls.js";
import type { Exchange } from "./exchange.js";
import type { CallOptions } from "./options.js";

/**
 * Calls a method that may run twice: where the outcome would be `unknown`, it is asked again in the next session, within
 * its time.
 */
export async function callAgain<T>(
  rpc: Rpc,
  method: string,
  args: object,
  options?: CallOptions,
): Promise<T> {
  return rpc.run("call", method, args, options, undefined, () => repeat) as T;
}

/**
 * The items of a stream that goes on in the next session, behind the last item that came: its cursor is the argument
 * `after` there [S-14].
 */
export function streamFrom<T>(
  rpc: Rpc,
  method: string,
  after: string,
  args: object,
  options?: CallOptions,
): AsyncIterable<T> {
  const open = (_: Calls, exchange: Exchange): undefined => follow(exchange, after);
  return rpc.run("stream", method, args, options, undefined, () => open) as AsyncIterable<T>;
}

function repeat(_: Calls, exchange: Exchange): undefined {
  exchange.again = (waiting) => {
    exchange.heard = false;
    return waiting.add(exchange);
  };
}

/** Below the codecs: a cursor goes back as it came. */
function follow(exchange: Exchange, after: string): undefined {
  const { take, args } = exchange;
  let last: unknown;
  exchange.take = (kind, item, size) => {
    if (kind === "item" && item !== "gap") {
      const { cursor, value } = Object(item);
      if (cursor === undefined || value === undefined) throw new Error("no cursor");
      last = cursor;
    }
    return !!take?.(kind, item, size);
  };
  exchange.again = (waiting) => {
    exchange.heard = false;
    if (last !== undefined) exchange.args = JSON.stringify({ ...JSON.parse(args), [after]: last });
    return waiting.add(exchange);
  };
}
