import type { AnswerKind, Exchange } from "./in-flight.js";
/** What a reader needs from the caller it belongs to. */
export interface ReaderPort {
    /** Sends the request, or queues it; fails it if neither can be. */
    start(exchange: Exchange): void;
    /** Ends the exchange here, and at the server if it got there. */
    cancel(exchange: Exchange): void;
    grant(exchange: Exchange, items: number): void;
}
/** One iteration over a stream; its exchange starts with the first `next`. */
export declare class Reader<T> implements AsyncIterator<T, undefined>, Exchange {
    #private;
    readonly method: string;
    readonly args: string;
    readonly credit: number;
    id: number;
    end: (() => void) | undefined;
    constructor(method: string, args: string, port: ReaderPort);
    next(): Promise<IteratorResult<T, undefined>>;
    return(): Promise<IteratorResult<T, undefined>>;
    take(kind: AnswerKind, value: unknown, size: number): boolean;
    fail(error: unknown, atOnce?: boolean): void;
}
