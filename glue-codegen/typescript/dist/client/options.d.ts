import { type Clock } from "../clock.js";
import type { Fetch } from "../transport/ajax.js";
import type { SocketType } from "../transport/transport.js";
import type { WebSocketConstructor } from "../transport/websocket.js";
/** Options of a socket. Names and defaults are those of the original client; times are in milliseconds. */
export interface SocketOptions {
    /** The path the server listens on; slashes are added at both ends. Default `/glue/`. */
    readonly baseURL?: string | undefined;
    /**
     * The only kind of transport to use. False (the default) leaves the choice to the socket: WebSocket, and long
     * polling while a WebSocket can't connect to a server that is there.
     */
    readonly forceSocketType?: false | SocketType | undefined;
    /**
     * What shows the server who this is: anything that JSON can say, or a function that returns that or a promise
     * of it, called for each attempt. It travels in the first message, so not in a URL that gets logged.
     */
    readonly auth?: unknown;
    /** Time for a connection attempt, up to the server's acceptance. Default 10 000. */
    readonly connectTimeout?: number | undefined;
    /** Silence of the server after which it is asked for a sign of life. Default 35 000. */
    readonly pingInterval?: number | undefined;
    /** Time for that sign; then the connection counts as lost. Default 5 000. */
    readonly pingReconnectTimeout?: number | undefined;
    /** Whether to come back after a loss. Default true. */
    readonly reconnect?: boolean | undefined;
    /**
     * Whether the session goes on when the connection breaks and comes back in time, with a server that can do that: nothing
     * is lost then, and nothing comes twice. Default true; not without `reconnect`.
     */
    readonly resume?: boolean | undefined;
    /** Longest delay before the first attempt; each further one may take that much longer. Default 1 000. */
    readonly reconnectDelay?: number | undefined;
    /** Longest delay of all. Default 5 000. */
    readonly reconnectDelayMax?: number | undefined;
    /** Attempts before giving up; 0 is endless. Default 20: about a minute at the default delays. */
    readonly reconnectAttempts?: number | undefined;
    /** How long data sent without a session is kept; while one can still go on, what is sent waits for that. Default 10 000. */
    readonly resetSendBufferTimeout?: number | undefined;
    /** The WebSocket to use, such as that of the package `ws`. Default that of the platform, if it has one. */
    readonly WebSocket?: WebSocketConstructor | undefined;
    /** What makes the requests of long polling. Default that of the platform. */
    readonly fetch?: Fetch | undefined;
    /** The clock. Default that of the platform. */
    readonly clock?: Clock | undefined;
    /** Random numbers from 0 to 1, for the delays. Default `Math.random`. */
    readonly random?: (() => number) | undefined;
}
/** Options with every default filled in. */
export type ResolvedOptions = {
    readonly [K in Exclude<keyof SocketOptions, "WebSocket" | "auth">]-?: NonNullable<SocketOptions[K]>;
} & {
    readonly auth: unknown;
    /** There may be none. */
    readonly WebSocket: WebSocketConstructor | undefined;
    readonly url: string;
};
/** Checks the arguments of `glue` and fills in defaults; the page and the platform are asked only here. */
export declare function resolveOptions(host: string | undefined, options: SocketOptions): ResolvedOptions;
