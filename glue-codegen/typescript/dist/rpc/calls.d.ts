import { type Clock } from "../clock.js";
import { type Unsubscribe } from "../emitter.js";
import { GlueError } from "../errors.js";
import { type Envelope } from "../proto/envelope.js";
import type { Exchange, Source } from "./exchange.js";
import { type CallOptions, type RpcContract, type RpcSocket } from "./options.js";
/** What answers the calls of the server. */
export interface Callee {
    /** Takes a request, a notification, or the cancel of a request; returns whether it makes sense. */
    receive(envelope: Envelope): boolean;
    /** The session has ended. */
    drop(): void;
}
/** Makes what sends the items of an exchange, or makes something else of the exchange; never throws. */
export type OpenSource = (calls: Calls, exchange: Exchange) => Source | undefined;
/**
 * All typed calls of one channel of a socket. While there is no connection calls wait here, not in the socket's
 * send buffer, so that none of them slips into a session in which its number means nothing.
 */
export declare class Calls {
    #private;
    readonly name: string;
    readonly clock: Clock;
    /** Set once the application handles calls of the server. */
    callee: Callee | undefined;
    /** How much of what the server sent made no sense. */
    faults: number;
    /** Those of the channel `name` of `socket`; the same object for the same two. */
    static of(socket: RpcSocket, name: string, contract?: RpcContract): Calls;
    private constructor();
    /** `open` makes what sends items of ours, if the method takes some. */
    call(method: string, args: object, options: CallOptions, open?: OpenSource): Promise<unknown>;
    notification(method: string, args: object, { traceparent }: CallOptions): void;
    /** `open` is asked at each iteration. */
    stream(method: string, args: object, options: CallOptions, open?: OpenSource): AsyncIterable<unknown>;
    /** Listens to the server's events. */
    on<T>(event: string, listener: (event: T) => void): Unsubscribe;
    /** Starts `exchange`, now or with the next session; fails it if neither can be. */
    begin(exchange: Exchange, { signal, timeoutMs, traceparent }: CallOptions, open?: OpenSource): void;
    /** Comes after the exchange has ended here: sending may fail, with a socket that isn't ours even throw. */
    cancel(exchange: Exchange): void;
    /** Whether it is under way. Its number alone doesn't say so: each session counts anew. */
    isOpen(exchange: Exchange): boolean;
    /** Returns whether it is on its way; it belongs to this session. */
    send(envelope: Envelope, isAhead?: boolean, discarded?: () => void): boolean;
    /** The error of a method or an event that has changed since the client's code was generated. */
    stale(name: string): GlueError | undefined;
    /** Notices that the session has changed: everything that touches it asks here first. */
    sync(): void;
    /** Ends `exchange` with an error that is its own from now on, here and at the server. */
    end(exchange: Exchange, error: GlueError, atOnce?: boolean): void;
}
/** Longer than the server takes, or more than may wait here. */
export declare function tooMuch(): GlueError;
