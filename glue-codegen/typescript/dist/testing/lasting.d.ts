import type { ManualClock } from "./manual-clock.js";
/** How a server keeps sessions that have lost their connection. */
export interface LastingTerms {
    /** How long. */
    readonly windowMs: number;
    /** What each side keeps at most of what the other hasn't acknowledged, in bytes. */
    readonly bufferBytes: number;
}
/**
 * What of a session outlives its connections, at the server's end: what it sends waits here, and is kept until the client has
 * it, as PROTOCOL.md, part 21, has it.
 */
export declare class Lasting {
    #private;
    /** `send` puts a message on the present connection. */
    constructor(clock: ManualClock, send: (message: string) => void);
    /** Starts a session; without terms it ends with its connection. */
    start(socketId: string, token: string, terms: LastingTerms | undefined): void;
    /** Goes on over another connection, by which the client says so. Returns whether that can be. */
    resume(presented: string, token: string, received: number): boolean;
    /** It has no connection. */
    rest(): void;
    /** Sends what waits without heeding how much of it the client has acknowledged: it is the end. */
    release(): void;
    takes(token: unknown): boolean;
    /** The member `resume` of the server's `in`. */
    offer(isResumed: boolean): object | undefined;
    /** How many messages of the client have arrived. */
    get received(): number;
    get isLasting(): boolean;
    push(message: string): void;
    /** Sends what waits, as far as the client has acknowledged enough. */
    flush(): void;
    /** Channel data has come. Returns whether it is the first time. */
    takeIn(message: string): boolean;
    /** Returns whether the number that the client has acknowledged can be. */
    acknowledged(number: string): boolean;
    /** What comes next has this number. Returns whether nothing is missing; undefined if it is none. */
    numbered(text: string): boolean | undefined;
}
