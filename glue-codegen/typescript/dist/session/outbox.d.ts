import { Replay } from "./replay.js";
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
    readonly replay: Replay;
    /** Bytes of the longest message that the server takes. */
    limit: number;
    /**
     * Returns false, and takes nothing, when the queue is full; `unsent` counts with it. An empty one takes anything, and
     * what goes ahead is always taken: it is short, and there is one for many items that came or for a call that was made.
     */
    push(waiting: Waiting, unsent?: number): boolean;
    /** The text that is to leave next, if one may. */
    peek(): string | undefined;
    /** Takes note that it leaves. */
    shift(): void;
    /** From now on only what is ephemeral goes out in this session. */
    leave(): void;
    /** Takes out what `matches`, oldest first, while there is no session. */
    remove(matches: (waiting: Waiting) => boolean): readonly Waiting[];
    /** Whether the server takes `text`, and what it is sent with. */
    fits(text: string): boolean;
    /** Whether the session is being left. */
    get isLeaving(): boolean;
    get length(): number;
}
