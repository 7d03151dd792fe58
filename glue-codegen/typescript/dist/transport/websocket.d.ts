import { type Transport, type TransportHandler } from "./transport.js";
/** The part of a WebSocket that is used here: the platform's own, or that of a package. */
export interface WebSocketLike {
    binaryType: string;
    /** Bytes that wait to be sent. Without it a slow uplink that takes long looks like a dead server. */
    readonly bufferedAmount?: number;
    onopen: ((event: never) => void) | null;
    onmessage: ((event: never) => void) | null;
    onerror: ((event: never) => void) | null;
    onclose: ((event: never) => void) | null;
    send(data: string): void;
    close(): void;
}
/** Makes a WebSocket. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;
/** One WebSocket as a transport. */
export declare class WebSocketTransport implements Transport {
    #private;
    readonly type = "WebSocket";
    constructor(create: () => WebSocketLike);
    open(handler: TransportHandler): void;
    get ready(): boolean;
    send(text: string): void;
    get unsent(): number;
    stalled(): boolean;
    close(rest?: readonly string[]): void;
}
