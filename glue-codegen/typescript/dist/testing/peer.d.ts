import type { SocketType } from "../transport/transport.js";
import type { Authorize, ClientInit } from "./admission.js";
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
    /** Whether to play an original 1.9.1 server, without the extensions. */
    readonly original: boolean;
    /** Told once the client was accepted. */
    readonly onOpen: (peer: Peer) => void;
}
/**
 * The server's end of one session: what a `Socket` is to a server in Rust. It accepts the client and keeps the session alive
 * as a real server does by default (a ping after 30 s of silence, the end 7 s later); all the rest is the test's.
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
    get isOpen(): boolean;
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
    /** Sends a message as it is: for what no real server says. */
    sendRaw(message: string | ArrayBuffer): void;
    /** Ends the session, behind what was sent; with a close code if it is over a WebSocket. */
    close(code?: number): void;
    /** Ends the session and tells the client not to come back by itself. */
    dismiss(): void;
    /** Breaks the connection: what is under way is lost, and so is the session. The client notices at once. */
    cut(): void;
    /** Keeps everything back, in both directions, until {@link resume}. */
    stall(): void;
    /** Makes the connection half open: nothing arrives any more, in both directions unless one is named, and nobody is told. */
    lose(direction?: Direction): void;
    /** Ends {@link stall}: what was kept back arrives. */
    resume(): void;
}
