import type { Former, ResumeTerms } from "../proto/init.js";
/** A text that waits to be sent. */
export interface Waiting {
    /** As it goes over the wire. */
    readonly text: string;
    /** Called if it is thrown away. */
    readonly discarded?: (() => void) | undefined;
    /** It means something in the present session only, and `"ahead"` goes before all that is not. */
    readonly ephemeral?: boolean | "ahead" | undefined;
}
/**
 * The one queue of a socket: it outlives the session, so that what is sent while there is none, or what the
 * transport has not taken when it broke, goes out in order in the next. What an earlier link of the same session has
 * carried goes out ahead of it.
 */
export declare class Outbox {
    #private;
    /** What the server grants; without it the session ends with its link, and nothing more is kept. */
    terms: ResumeTerms | undefined;
    /** How many messages of the server were taken in. */
    received: number;
    /** The server's name for the session; empty if there is none. */
    socketId: string;
    /** Bytes of the longest message that the server takes. */
    limit: number;
    /**
     * Returns false, and takes nothing, when the queue is full; `unsent` counts with it. An empty one takes anything, and
     * what goes ahead is always taken: it is short, and there is one for many items that came or for a call that was made.
     */
    push(waiting: Waiting, unsent?: number): boolean;
    /** The text that is to leave next, if one may: what is kept is bounded, unless it is the only one [U-4]. */
    peek(): string | undefined;
    /** Takes note that it leaves. */
    shift(): void;
    /**
     * The server has accepted a session. Returns whether it is the former, which goes on over another link; undefined if that
     * can't be, and it is over.
     */
    accept(socketId: string, terms: ResumeTerms | undefined): boolean | undefined;
    /** The server has taken in everything through `number`. Returns whether that can be [U-5]. */
    ack(number: number | undefined, most?: number): boolean;
    /** The number of the next channel data. */
    get number(): number;
    /** What the server is told to go on with the session [U-12]. */
    get former(): Former | undefined;
    /** Says behind what waits that nothing is begun any more: only what is ephemeral goes out in this session from now on [D-3]. */
    leave(): void;
    /** Says goodbye behind all that waits, whatever of it the server has acknowledged: there is no next session for it. */
    close(): void;
    /** Takes out what `matches`, oldest first, while there is no session. */
    remove(matches: (waiting: Waiting) => boolean): readonly Waiting[];
    /** Whether the server takes `text`, and what it is sent with. */
    fits(text: string): boolean;
    /** Whether the session is being left. */
    get isLeaving(): boolean;
    get length(): number;
}
/** What a message counts for in what is kept. */
export declare function weigh(text: string): number;
