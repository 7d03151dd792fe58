import type { WebSocketLike } from "../transport/websocket.js";
import type { Arrivals } from "./faults.js";
import { Link, type LinkSettings } from "./link.js";
import type { Wire } from "./wire.js";
/** A WebSocket in memory: the client's end. */
export declare class MemoryWebSocket implements WebSocketLike {
    #private;
    readonly url: string;
    binaryType: string;
    readyState: number;
    onopen: ((event: never) => void) | null;
    onmessage: ((event: never) => void) | null;
    onerror: ((event: never) => void) | null;
    onclose: ((event: never) => void) | null;
    /** Bytes that wait to be sent, which they do while the link is stalled. */
    bufferedAmount: number;
    constructor(url: string);
    send(data: string): void;
    close(code?: number): void;
    /** @internal */
    connect(wire: Wire, arrivals: () => Arrivals, accept: () => WebSocketLink): void;
    /** @internal */
    deliver(data: string | ArrayBuffer): void;
    /** @internal */
    finish(code?: number): void;
    /** @internal */
    fail(): void;
}
/** The server's end of a {@link MemoryWebSocket}. */
export declare class WebSocketLink extends Link {
    #private;
    readonly type = "WebSocket";
    constructor(socket: MemoryWebSocket, settings: LinkSettings);
    /** @internal */
    take(message: string): void;
    /** @internal */
    closedByClient(code: number | undefined): void;
    protected transmit(message: string | ArrayBuffer): void;
    protected finish(code?: number): void;
    protected breakOff(): void;
}
