import type { SocketType } from "../transport/transport.js";
import type { Wire } from "./wire.js";
/** Why a link ended: the client closed it, the server did, or it broke. */
export type LinkEnd = "client" | "server" | "lost";
/** What a {@link Link} needs to know of the network that it is part of. */
export interface LinkSettings {
    readonly url: string;
    readonly wire: Wire;
    /** Messages, up and down, that it carries; the next one breaks it. */
    readonly lifetime: number;
    /** Bytes of the longest message that the server takes. */
    readonly limit: number;
    /** Told once it has ended. */
    readonly onEnd: (link: Link) => void;
}
/** The server's end of one connection. It carries messages and knows nothing of what they mean. */
export declare abstract class Link {
    #private;
    abstract readonly type: SocketType;
    /** Where the client wanted to go. */
    readonly url: string;
    /** Called with each message of the client. */
    onMessage: (message: string) => void;
    /** Called with each message that is longer than the server takes. */
    onTooLarge: (code: number) => void;
    /** Called once, at the end. */
    onEnd: (end: LinkEnd) => void;
    /** Whether several messages may go in one container; matters to Ajax only. */
    batch: boolean;
    /** Whether the client has closed it in a way that ends the session as well. */
    isFinal: boolean;
    /** What lies between the two ends. */
    readonly wire: Wire;
    constructor(settings: LinkSettings);
    /** Sends a message, whatever it is. A binary one needs a WebSocket. */
    send(message: string | ArrayBuffer): void;
    /** Closes it in good order, behind what was sent; with a close code if it is a WebSocket. `by` is who wished it. */
    close(code?: number, by?: LinkEnd): void;
    /** Breaks it: what is under way is lost, and the server has forgotten it at once. The client notices. */
    cut(): void;
    get isOpen(): boolean;
    /** Why it ended; undefined while it is open. */
    get ended(): LinkEnd | undefined;
    /** A message has arrived. Returns whether it was one that the server takes. */
    protected receive(message: string): boolean;
    protected end(end: LinkEnd): void;
    /** Puts a message on the wire. */
    protected abstract transmit(message: string | ArrayBuffer): void;
    /** Tells the client that it is over. */
    protected abstract finish(code?: number): void;
    /** Lets the client notice that the connection is gone. */
    protected abstract breakOff(): void;
}
