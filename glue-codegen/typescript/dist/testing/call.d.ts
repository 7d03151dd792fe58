/** A call or stream of the client, to be answered. A notification is one that wants no answer. */
export declare class Call {
    #private;
    readonly method: string;
    /** The arguments by name. */
    readonly args: unknown;
    readonly isNotification: boolean;
    /** @internal */
    constructor(request: {
        readonly id: number | undefined;
        readonly method: string;
        readonly args: unknown;
        readonly credit: number;
    }, send: (data: string) => void);
    /** Aborted when the client has cancelled it, or when the session has ended. */
    get signal(): AbortSignal;
    /** Items of a stream that the client still has room for. */
    get credit(): number;
    /** Answers it with a value. */
    respond(value?: unknown): void;
    /** Answers it with an error: that of a {@link GlueError} is the client's too, any other is `internal` to it. */
    fail(error: unknown): void;
    /** Sends an item of a stream. It is the test's to heed {@link credit}. */
    item(value: unknown): void;
    /** Ends a stream. */
    end(): void;
    /** Answers it with what a handler returns: a value, a promise of one, or a generator of a stream's items. @internal */
    answer(run: () => unknown): Promise<void>;
    /** @internal */
    grant(credit: number): void;
    /** @internal */
    cancel(): void;
}
