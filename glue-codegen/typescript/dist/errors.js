/**
 * The error of every failing operation of this library. `code` says what happened, `data` carries what the
 * server added: for code `application` the error value of the method itself.
 */
export class GlueError extends Error {
    name = "GlueError";
    constructor(code, message, options) {
        super(message, options?.cause === undefined ? undefined : options);
        this.code = code;
        this.data = options?.data;
        this.method = options?.method;
    }
    /** The error that a server tells of. @internal */
    static of({ code, message, data }) {
        return new GlueError(code, message, { data });
    }
    /** Returns `error` itself if it is a {@link GlueError}, otherwise one of code `internal` caused by it. */
    static from(error) {
        if (error instanceof GlueError)
            return error;
        return new GlueError("internal", error instanceof Error ? error.message : String(error), {
            cause: error,
        });
    }
}
