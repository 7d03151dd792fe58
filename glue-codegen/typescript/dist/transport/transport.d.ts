import type { GlueError } from "../errors.js";
/** What a transport reports. Nothing follows `onClose`. */
export interface TransportHandler {
    onOpen(): void;
    onText(text: string): void;
    /** It is over; with an error if it did not end in good order. */
    onClose(error?: GlueError): void;
}
/** Carries texts, in order, to one server and back. It knows nothing of what they mean. */
export interface Transport {
    /** Starts connecting. */
    open(handler: TransportHandler): void;
    /** Sends one text; only between `onOpen` and `onClose`. Doesn't throw: a failure is reported as the end. */
    send(text: string): void;
    /** Bytes that were sent and have not left yet; 0 where nobody knows. */
    readonly unsent: number;
    /** Ends it. The handler is told nothing any more. */
    close(): void;
}
