import { type Unsubscribe } from "../emitter.js";
/** The part of a channel that typed calls need. */
export interface RpcChannel {
    /** -1 where it was thrown away; our own keeps what is ephemeral for no other session. */
    send(data: string, discarded?: undefined, ephemeral?: boolean): unknown;
    onMessage(listener: (data: string) => void): unknown;
}
/** The part of a socket that typed calls need: ours has it, and so has that of the original client. */
export interface RpcSocket {
    channel(name: string): RpcChannel;
    on(event: (typeof EVENTS)[number], listener: (argument?: unknown) => void): unknown;
    /** Empty unless connected, and another one in each session. */
    socketID(): string;
    type(): string;
    /** Whether no connection will come any more; where it is missing, the event `disconnected` says so. */
    isClosed?(): boolean;
}
/** Options of every call. */
export interface CallOptions {
    /** Cancels the call: its promise or iterator fails with `cancelled`, and the server is told to stop. */
    readonly signal?: AbortSignal | undefined;
}
/** What the generated code knows of its channel. */
export interface RpcOptions {
    /** Hash of the channel's description, for the greeting. */
    readonly schema?: string | undefined;
}
/** At each of these the session may have changed. */
declare const EVENTS: readonly ["connecting", "reconnecting", "connected", "disconnected", "error", "timeout"];
/**
 * Typed calls over one channel of a socket. While there is no connection calls wait here, not in the socket's
 * send buffer, so that none of them slips into a session in which its number means nothing.
 */
export declare class Rpc {
    #private;
    /** The calls over the channel `name` of `socket`; the same object for the same two. */
    static open(socket: RpcSocket, name: string, options?: RpcOptions): Rpc;
    private constructor();
    /** Calls `method`; fails with a {@link GlueError}. */
    call<T>(method: string, args: object, options?: CallOptions): Promise<T>;
    /** Sends a notification, which is never answered. Throws a {@link GlueError} if it can't even wait. */
    notify(method: string, args: object): void;
    /** The items of a stream. Each iteration is an exchange of its own, and leaving it ends that at the server. */
    stream<T>(method: string, args: object, options?: CallOptions): AsyncIterable<T>;
    /** Listens to the server's events. */
    on<T>(event: string, listener: (event: T) => void): Unsubscribe;
    /** How much of what the server sent made no sense. */
    get faults(): number;
}
export {};
