import type { Code, ErrorBody } from "./proto/code.js";
/**
 * The error of every failing operation of this library. `code` says what happened, `data` carries what the
 * server added: for code `application` the error value of the method itself.
 */
export declare class GlueError<Data = unknown> extends Error {
    readonly name = "GlueError";
    constructor(code: Code, message: string, options?: {
        readonly data?: Data | undefined;
        readonly cause?: unknown;
        readonly method?: string | undefined;
    });
    readonly code: Code;
    readonly data: Data;
    /** The call that failed, such as `chat.post`: its channel and its method as on the wire. */
    readonly method: string | undefined;
    /** The error that a server tells of. @internal */
    static of({ code, message, data }: ErrorBody): GlueError;
    /** Returns `error` itself if it is a {@link GlueError}, otherwise one of code `internal` caused by it. */
    static from(error: unknown): GlueError;
}
