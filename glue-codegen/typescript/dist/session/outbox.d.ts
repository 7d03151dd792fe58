/** Channel data that waits for a session. */
export interface Waiting {
    readonly name: string;
    readonly data: string;
    /** Called with the data if it is thrown away. */
    readonly discarded: ((data: string) => void) | undefined;
}
/**
 * The send buffer of a socket: it outlives the session, so that what is sent while there is none goes out,
 * in order, in the next. Numbering and replaying for resumed sessions belong here as well.
 */
export declare class Outbox {
    #private;
    /** Returns false, and takes nothing, when the buffer is full. An empty one takes anything. */
    push(waiting: Waiting): boolean;
    /** Takes everything out, oldest first. */
    drain(): readonly Waiting[];
    get length(): number;
}
