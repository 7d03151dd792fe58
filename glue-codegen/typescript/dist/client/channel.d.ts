/** Called with the data of a message that was thrown away instead of sent. */
export type DiscardCallback = (data: string) => void;
/** 1: handed to the transport. 0: waiting for a connection. -1: thrown away. */
export type SendResult = 1 | 0 | -1;
/** A named lane inside a socket. */
export declare class Channel {
    #private;
    /** @internal */
    constructor(send: (data: string, discarded?: DiscardCallback) => SendResult);
    /** Sends `data`, at once or with the next connection; `discarded` is called if that doesn't come in time. */
    send(data: string, discarded?: DiscardCallback): SendResult;
    /** Sets the one listener for incoming data. */
    onMessage(listener: (data: string) => void): void;
    /** @internal */
    deliver(data: string): void;
}
