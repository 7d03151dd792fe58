import { GlueError } from "../errors.js";
/** What the handler of a client's method gets beside the arguments. */
export interface HandlerContext<E = never> {
    /** Aborted when the server gives up, its time runs out, or the session ends. */
    readonly signal: AbortSignal;
    /** The server's trace, to be given to what is called from here. */
    readonly traceparent: string | undefined;
    /** Fails the call with the method's own error, by throwing. */
    readonly fail: (error: E) => never;
}
/**
 * Answers calls of the server. A {@link GlueError} that it throws reaches the server as it is, unless it is the failure of
 * another call; anything else is `internal` there, and surfaces here as an uncaught error.
 */
export type Handler<Args, T, E = never> = (args: Args, context: HandlerContext<E>) => T | Promise<T>;
/** {@link HandlerContext.fail}. */
export declare function fail(data: unknown): never;
/** One handler per method: with two of them nobody could say whose answer counts. */
export declare function handledTwice(method: string): GlueError;
