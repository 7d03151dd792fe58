import { type ErrorBody } from "./code.js";
/** The version of the protocol. Original servers refuse a higher one. */
export declare const VERSION = "1.9.1";
/** Writes the data of the client's `in`, which announces that containers and refusals are read. */
export declare function encodeClientInit(auth?: unknown): string;
/** What the server's `in` says of a client that is accepted. */
export interface ServerInit {
    readonly socketId: string;
    /** Whether the server reads containers and may send some; never so unless the client has announced it. */
    readonly batch: boolean;
    /** Bytes of the longest message that the server takes; infinite where it doesn't tell. */
    readonly limit: number;
}
/** Why the server's application doesn't accept the client; `dr` follows if it need not come back. */
export interface Refusal {
    readonly refusal: ErrorBody;
}
/** Reads the data of the server's `in`; members it doesn't know are ignored. */
export declare function decodeServerInit(text: string): ServerInit | Refusal | undefined;
