import type { Clock } from "../clock.js";
import { type Unsubscribe } from "../emitter.js";
import { GlueError } from "../errors.js";
import type { SocketType } from "../transport/transport.js";
import { Channel, type DiscardCallback, type SendResult } from "./channel.js";
import { type ResolvedOptions, type SocketOptions } from "./options.js";
/** Where a socket stands. It changes at the moment of a loss, not with the next attempt. */
export type SocketState = "disconnected" | "connecting" | "connected" | "reconnecting";
/** The events of a socket and what their listeners get. */
export interface SocketEvents {
    /** The first attempt starts. */
    readonly connecting: undefined;
    /** The connection, or an attempt, was lost; another attempt follows after a delay. Or it took too long, and the session is lost. */
    readonly reconnecting: undefined;
    /** The server accepted the session, or goes on with it; what waited in the send buffer is on its way already. */
    readonly connected: {
        readonly isResumed: boolean;
    };
    /** Final, until {@link Socket.reconnect}: closed, given up, or told by the server not to come back. */
    readonly disconnected: undefined;
    /** The transport or the server failed; what follows is `reconnecting` or `disconnected`. */
    readonly error: GlueError;
    /** The server showed no sign of life in time. */
    readonly timeout: undefined;
    /** No session came about in time. */
    readonly connect_timeout: undefined;
    /** Data that waited too long for a connection was thrown away. */
    readonly discard_send_buffer: undefined;
}
/**
 * Opens a socket to the Glue server at `host`, by default the page's own. Listeners can be attached before
 * anything happens: the first attempt starts in a later turn of the event loop.
 *
 * @throws {GlueError} `invalid_argument` if `host` isn't `http://…` or `https://…`, or a WebSocket is forced and
 * there is none; without force Ajax is used then.
 */
export declare function glue(host?: string, options?: SocketOptions): Socket;
/** A connection to a server that is opened again when it is lost. */
export declare class Socket {
    #private;
    /** @internal */
    readonly clock: Clock;
    /** @internal */
    constructor(options: ResolvedOptions);
    /** The version of the protocol. */
    version(): string;
    /** The kind of transport of this session, or of the last one. */
    type(): SocketType;
    state(): SocketState;
    /** Whether it is over: no connection, and no attempt to come. Only {@link reconnect} changes that. */
    isClosed(): boolean;
    /** The server's name for this session; empty if there is none, neither connected nor to be gone on with. */
    socketID(): string;
    /** The channel `name`, always the same object. */
    channel(name: string): Channel;
    /** Sends on the main channel; see {@link Channel.send}. */
    send(data: string, discarded?: DiscardCallback): SendResult;
    /** Sets the listener of the main channel; see {@link Channel.onMessage}. */
    onMessage(listener: (data: string) => void): Unsubscribe;
    /**
     * Waits until the socket is connected. Fails with a {@link GlueError}: `unavailable` when it is over, caused by
     * the last error, `cancelled` when `signal` fires.
     */
    ready({ signal }?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<void>;
    on<E extends keyof SocketEvents>(event: E, listener: (argument: SocketEvents[E]) => void): Unsubscribe;
    once<E extends keyof SocketEvents>(event: E, listener: (argument: SocketEvents[E]) => void): Unsubscribe;
    off<E extends keyof SocketEvents>(event: E, listener: (argument: SocketEvents[E]) => void): void;
    /** Tries again after the end; ignored while connected or on the way there. */
    reconnect(): void;
    /** Ends the connection, or the attempts to get one, for good. */
    close(): void;
    /** Whether the server has asked for the end of this session: what is begun waits for the next. @internal */
    isLeaving(): boolean;
}
