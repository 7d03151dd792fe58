import { GlueError } from "../errors.js";
/** {@link HandlerContext.fail}. */
export function fail(data) {
    throw new GlueError("application", "application error", { data });
}
/** One handler per method: with two of them nobody could say whose answer counts. */
export function handledTwice(method) {
    return new GlueError("invalid_argument", `${method} is handled already`);
}
