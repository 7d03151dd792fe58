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
 * transport has not taken when it broke, goes out in order in the next. Numbering and replaying for resumed
 * sessions belong here as well.
 */
export declare class Outbox {
    #private;
    /**
     * Returns false, and takes nothing, when the queue is full; `unsent` counts with it. An empty one takes anything, and
     * what goes ahead is always taken: it is short, and there is one for many items that came or for a call that was made.
     */
    push(waiting: Waiting, unsent?: number): boolean;
    /** The oldest text. */
    peek(): string | undefined;
    /** Takes the oldest text out. */
    shift(): void;
    /** Takes out what `matches`, oldest first. */
    remove(matches: (waiting: Waiting) => boolean): readonly Waiting[];
    get length(): number;
}
