/**
 * Calls a method that may run twice: where the outcome would be `unknown`, it is asked again in the next session, within
 * its time.
 */
export async function callAgain(rpc, method, args, options) {
    return rpc.run("call", method, args, options, undefined, () => repeat);
}
/**
 * The items of a stream that goes on in the next session, behind the last item that came: its cursor is the argument
 * `after` there [S-14].
 */
export function streamFrom(rpc, method, after, args, options) {
    const open = (_, exchange) => follow(exchange, after);
    return rpc.run("stream", method, args, options, undefined, () => open);
}
function repeat(_, exchange) {
    exchange.again = (waiting) => {
        exchange.heard = false;
        return waiting.add(exchange);
    };
}
/** Below the codecs: a cursor goes back as it came. */
function follow(exchange, after) {
    const { take, args } = exchange;
    let last;
    exchange.take = (kind, item, size) => {
        if (kind === "item" && item !== "gap") {
            const { cursor, value } = Object(item);
            if (cursor === undefined || value === undefined)
                throw new Error("no cursor");
            last = cursor;
        }
        return !!take?.(kind, item, size);
    };
    exchange.again = (waiting) => {
        exchange.heard = false;
        if (last !== undefined)
            exchange.args = JSON.stringify({ ...JSON.parse(args), [after]: last });
        return waiting.add(exchange);
    };
}
