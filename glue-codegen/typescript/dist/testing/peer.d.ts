import type { SocketType } from "../transport/transport.js";
import type { Authorize, ClientInit } from "./admission.js";
import { type LastingTerms } from "./lasting.js";
import type { Link, LinkEnd } from "./link.js";
import type { ManualClock } from "./manual-clock.js";
import { PeerChannel } from "./peer-channel.js";
import { PeerRpc } from "./peer-rpc.js";
import type { Direction } from "./wire.js";
/** What a {@link Peer} needs to know. */
export interface PeerSettings {
    readonly socketId: string;
    readonly clock: ManualClock;
    readonly authorize: Authorize;
    readonly limit: number;
    /** How to keep sessions that have lost their connection; undefined if they end with it. */
    readonly lasting: LastingTerms | undefined;
    /** A new secret. */
    readonly newToken: () => string;
    /** The open session of that name. */
    readonly find: (socketId: unknown) => Peer | undefined;
    /** Whether to play an original 1.9.1 server, without the extensions. */
    readonly original: boolean;
    /** Told once the client was accepted. */
    readonly onOpen: (peer: Peer) => void;
    /** Told once the session has ended. */
    readonly onEnd: (peer: Peer) => void;
}
/**
 * The server's end of one session: what a `Socket` is to a server in Rust. It accepts the client and keeps the session alive
 * as a real server does by default (a ping after 30 s of silence, the end 7 s later), and through the loss of its connection;
 * all the rest is the test's.
 */
export declare class Peer {
    #private;
    /** Every message of the client, in order; those of containers one by one. */
    readonly messages: string[];
    readonly socketId: string;
    /** @internal */
    constructor(link: Link, settings: PeerSettings);
    /** The kind of transport, as `socket.type()` has it. */
    get type(): SocketType;
    /** Where the client wanted to go. */
    get url(): string;
    /** The members of the client's `in`. */
    get init(): ClientInit;
    /** The client's option `auth`. */
    get auth(): unknown;
    /** Whether the session goes on, be it with a connection or without. */
    get isOpen(): boolean;
    /** Whether it has a connection, as far as the server knows. */
    get isConnected(): boolean;
    /** How it ended; undefined while it is open. */
    get ended(): LinkEnd | undefined;
    /** The channel `name`, `m` being the main one. What came before it was asked for waits to be read. */
    channel(name: string): PeerChannel;
    /** The typed calls of the channel `name`. */
    rpc(name: string): PeerRpc;
    /** Sends on the main channel. */
    send(data: string): void;
    /** The next text of the main channel; see {@link PeerChannel.receive}. */
    receive(withinMs?: number): Promise<string>;
    /** Sends a message as it is: for what no real server says. Channel data waits where there is no connection, all else is lost. */
    sendRaw(message: string | ArrayBuffer): void;
    /** Ends the session, behind what was sent; with a close code if it is over a WebSocket. */
    close(code?: number): void;
    /** Ends the session and tells the client not to come back by itself. */
    dismiss(): void;
    /** Asks the client to leave within so many milliseconds. Once it has said that it does, and no call is under way, the session ends. */
    drain(withinMs: number): void;
    /**
     * Breaks the connection: what is under way is lost. The client notices at once; it comes back, and goes on where it was,
     * unless the session can't outlive its connection.
     */
    cut(): void;
    /** Forgets the session, and breaks its connection: what a server does that is started anew. */
    forget(): void;
    /** Keeps everything back, in both directions, until {@link resume}. */
    stall(): void;
    /** Makes the connection half open: nothing arrives any more, in both directions unless one is named, and nobody is told. */
    lose(direction?: Direction): void;
    /** Ends {@link stall}: what was kept back arrives. */
    resume(): void;
}
