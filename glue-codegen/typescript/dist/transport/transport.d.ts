import { GlueError } from "../errors.js";
/** The kinds of transport, by the names of the original client. */
export type SocketType = "WebSocket" | "AjaxSocket";
/** What a transport reports. Nothing follows `onClose`. */
export interface TransportHandler {
    onOpen(): void;
    onText(text: string): void;
    /** It takes another text. */
    onReady(): void;
    /** The page is being left: the last moment to close it. */
    onLeave(): void;
    /** It is over; with an error if it did not end in good order. */
    onClose(error?: GlueError): void;
}
/** Carries texts, in order, to one server and back. It knows nothing of what they mean. */
export interface Transport {
    readonly type: SocketType;
    /** Starts connecting. */
    open(handler: TransportHandler): void;
    /** Whether it takes a text. Never so before `onOpen`. */
    readonly ready: boolean;
    /** Sends one text, if it is ready. Doesn't throw: a failure is reported as the end. */
    send(text: string): void;
    /** How much was sent and has not left yet; 0 where nobody knows. */
    readonly unsent: number;
    /** Whether nothing of that has left since the last call. */
    stalled(): boolean;
    /**
     * Ends it, behind these texts, or as far as they get while the page is being left; if there are none, so that nobody
     * takes it for the end of what it carried. The handler is told nothing any more.
     */
    close(rest?: readonly string[], leaving?: boolean): void;
}
/**
 * The error for what happened to a transport: `cause` itself, if it is one already. `status` is that of HTTP, or
 * the close code, where there is one.
 */
export declare function failure(message: string, cause?: unknown, status?: number): GlueError;
