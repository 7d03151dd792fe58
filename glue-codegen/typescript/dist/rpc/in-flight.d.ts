/** The kinds of envelopes that carry an exchange on. */
export type AnswerKind = "ok" | "item" | "end";
/** A call or a stream that the client opened, seen by what sends and routes. */
export interface Exchange {
    readonly method: string;
    /** The arguments' JSON. */
    readonly args: string;
    /** The first credit of a stream. */
    readonly credit: number | undefined;
    /** Its number in the current session; 0 until it is sent. */
    id: number;
    /** Takes an answer of `size` characters; returns whether it was the last. Throws on one that can't be. */
    take(kind: AnswerKind, value: unknown, size: number): boolean;
    /** Ends it with an error, at once or behind what was taken. Does nothing once it has ended. */
    fail(error: unknown, atOnce?: boolean): void;
    /** Called at its end. */
    end?: (() => void) | undefined;
    /** When it times out, by the clock. */
    deadline?: number | undefined;
    /** Its `traceparent`. */
    trace?: string | undefined;
    /** Whether anything of it has come from the server, so that its request has left. */
    heard?: boolean | undefined;
    /** What sends items of ours. */
    source?: Source | undefined;
}
/** What sends the items of a call that takes such. */
export interface Source {
    /** Allows for more items; without a number, no more are wanted. Returns whether that makes sense. */
    grant(items: number | undefined): boolean;
    /** Nothing is sent any more. */
    stop(): void;
}
/** The exchanges of one session by number. */
export declare class InFlight {
    #private;
    /** Numbers `exchange`: the client's numbers are odd and rise. */
    add(exchange: Exchange): void;
    get(id: number): Exchange | undefined;
    /** Whether `exchange` is open here. Its number alone doesn't say so: the next session counts anew. */
    has(exchange: Exchange): boolean;
    remove(exchange: Exchange): boolean;
    /** Whether `id` was given out in this session, to an exchange that may have ended since. */
    wasOpened(id: number): boolean;
    drain(): readonly Exchange[];
}
/** What waits for a session: exchanges, and notifications as ready texts. */
export declare class Queue {
    #private;
    /** Returns false, and takes nothing, when it is full. */
    push(entry: Exchange | string): boolean;
    remove(entry: Exchange): void;
    /** Takes everything out, oldest first. */
    drain(): readonly (Exchange | string)[];
}
