import { type EnvelopeParams } from "../proto/envelope.js";
/** A call or stream of the client, to be answered. A notification is one that wants no answer. */
export declare class Call {
    #private;
    readonly method: string;
    /** The arguments by name. */
    readonly args: unknown;
    readonly isNotification: boolean;
    /** The milliseconds that the client waits, if it has said so. The test plays the server's part in that. */
    readonly timeoutMs: number | undefined;
    /** The client's trace. */
    readonly traceparent: string | undefined;
    /** @internal */
    constructor(request: {
        readonly id: number | undefined;
        readonly method: string;
        readonly args: unknown;
        readonly params: EnvelopeParams;
    }, send: (data: string) => void);
    /** Aborted when the client has cancelled it, or when the session has ended. */
    get signal(): AbortSignal;
    /** Whether the client waits for one answer. @internal */
    get isPending(): boolean;
    /** Items of a stream that the client still has room for. */
    get credit(): number;
    /** What the client has sent of its items and nobody has taken, oldest first. */
    get received(): readonly unknown[];
    /** Whether the client's items have come to their end. */
    get isComplete(): boolean;
    /** Lets the client send so many items more. {@link items} does that by itself. */
    allow(items: number): void;
    /** Tells the client that no more of its items are wanted; it still waits for the answer. */
    stopItems(): void;
    /** The client's items, for methods that take some: eight may come at first, then another for each that is taken. */
    items(): AsyncGenerator<unknown, void>;
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
    receive(item: unknown): void;
    /** @internal */
    complete(): void;
    /** @internal */
    cancel(): void;
}
