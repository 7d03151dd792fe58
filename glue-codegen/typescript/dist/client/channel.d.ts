import { type Unsubscribe } from "../emitter.js";
/** Called with the data of a message that was thrown away instead of sent. */
export type DiscardCallback = (data: string) => void;
/** 1: on its way, as far as a connection can promise. 0: waiting for a connection. -1: thrown away. */
export type SendResult = 1 | 0 | -1;
/** {@link Channel.send}. */
export type Send = (data: string, discarded: DiscardCallback | undefined, ephemeral: boolean | "ahead" | undefined) => SendResult;
/** A named lane inside a socket. */
export declare class Channel {
    #private;
    /** @internal */
    constructor(send: Send, forget: (channel: Channel) => unknown);
    /**
     * Sends `data`, at once or with the next connection. `discarded` is called if it was thrown away: because no
     * connection came in time, too much waits already, or it is longer than the server takes.
     *
     * What is `ephemeral` goes out in the present session or not at all, and `"ahead"` of what still waits if it says so.
     */
    send(data: string, discarded?: DiscardCallback, ephemeral?: boolean | "ahead"): SendResult;
    /** Sets the one listener for incoming data. The returned function takes it away, if it still is the one. */
    onMessage(listener: (data: string) => void): Unsubscribe;
    /**
     * Forgets the channel: what comes for it is dropped, until the socket is asked for it again. Not for a channel
     * with typed calls, whose answers would be dropped as well.
     */
    close(): void;
    /** @internal */
    deliver(data: string): void;
}
