import { type Clock } from "../clock.js";
import { type Unsubscribe } from "../emitter.js";
import { GlueError } from "../errors.js";
import { type Envelope } from "../proto/envelope.js";
import { type Exchange, type Source } from "./in-flight.js";
import { type CallOptions, type RpcContract, type RpcSocket } from "./options.js";
/** What answers the calls of the server. */
export interface Callee {
    /** Takes a request, a notification, or the cancel of a request; returns whether it makes sense. */
    receive(envelope: Envelope): boolean;
    /** The session has ended. */
    drop(): void;
}
/** Makes what sends the items of an exchange; never throws. */
type OpenSource = (exchange: Exchange) => Source;
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
    /** `source` is what sends items of ours, if the method takes some. */
    call(method: string, args: object, options: CallOptions, source?: OpenSource): Promise<unknown>;
    notify(method: string, args: object, { traceparent }: CallOptions): void;
    /** `source` is asked at each iteration. */
    stream(method: string, args: object, options: CallOptions, source?: OpenSource): AsyncIterable<unknown>;
    /** Listens to the server's events. */
    on<T>(event: string, listener: (event: T) => void): Unsubscribe;
    /** Sends an item of ours, or their end; returns whether it is on its way. */
    sendItem(exchange: Exchange, body?: string): boolean;
    /** Comes after the exchange has ended here: sending may fail, with a socket that isn't ours even throw. */
    cancel(exchange: Exchange): void;
    /** Answers a call of the server; returns whether that is on its way. */
    answer(id: number, body: string, isError?: boolean): boolean;
    /** Notices that the session has changed: everything that touches it asks here first. */
    sync(): void;
}
/** Longer than the server takes, or more than may wait here. */
export declare function tooMuch(method: string): GlueError;
export {};
