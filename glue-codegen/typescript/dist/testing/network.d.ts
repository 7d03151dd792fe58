import type { Unsubscribe } from "../emitter.js";
import type { WebSocketConstructor } from "../transport/websocket.js";
import type { Authorize } from "./admission.js";
import { Faults } from "./faults.js";
import type { MemoryFetchInit, MemoryResponse } from "./http.js";
import type { Link } from "./link.js";
import { ManualClock } from "./manual-clock.js";
import { Peer } from "./peer.js";
/** What a {@link MemoryNetwork} is to be like. */
export interface NetworkOptions {
    /** The clock. Default a new one. */
    readonly clock?: ManualClock;
    /** Where all that is drawn by lot begins; the same seed gives the same test. Default 1. */
    readonly seed?: number;
    /** Decides on each client that connects. Default: all are accepted. */
    readonly authorize?: Authorize;
    /** Bytes of the longest message that the server takes; a longer one ends the session. Default 1 MiB. */
    readonly limit?: number;
    /** Whether sessions outlive their connections, with clients that can do that. Default true. */
    readonly resume?: boolean;
    /** How long the server keeps a session that has no connection. Default 60 000. */
    readonly windowMs?: number;
    /** What each side keeps at most of what the other hasn't acknowledged, in bytes. Default 256 KiB. */
    readonly bufferBytes?: number;
    /**
     * Whether the server is an original one, of Glue 1.9.1, which has no containers, refuses without a reason, and whose sessions
     * end with their connections. Default false.
     */
    readonly original?: boolean;
}
/** What a socket needs to be on a {@link MemoryNetwork}. */
export interface MemoryOptions {
    readonly WebSocket: WebSocketConstructor;
    readonly fetch: (url: string, init?: MemoryFetchInit) => Promise<MemoryResponse>;
    readonly clock: ManualClock;
    readonly random: () => number;
}
/**
 * A network in memory, and the server at its other end: `glue("http://server", network.options)` connects to it, over
 * WebSockets as over Ajax. The test plays the server's side; nothing is random, and no time passes but by {@link clock}.
 */
export declare class MemoryNetwork {
    #private;
    readonly clock: ManualClock;
    /** Spread these into the options of a socket. */
    readonly options: MemoryOptions;
    /** What is wrong with the network. */
    readonly faults: Faults;
    constructor(options?: NetworkOptions);
    /** The sessions that are open, with a connection or without, oldest first. */
    get peers(): readonly Peer[];
    /**
     * The next session that was accepted, each once. Virtual time passes until one is: this brings a new socket to its
     * session, and one whose session has ended to the next. One that goes on with its session is no new one.
     *
     * @throws Error if none is within `withinMs` milliseconds, by default a minute.
     */
    accept(withinMs?: number): Promise<Peer>;
    /** Calls `listener` with each session, right after it was accepted, until the function that it returns is called. */
    onSocket(listener: (peer: Peer) => void): Unsubscribe;
    /**
     * Gives each connection to `listener` instead of making a session of it: nothing is answered but by the listener. For
     * servers that don't keep to the protocol.
     */
    onLink(listener: (link: Link) => void): void;
    /** Starts the server anew: connections break, sessions are forgotten. */
    restart(): void;
}
