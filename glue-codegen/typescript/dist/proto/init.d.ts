import { type ErrorBody } from "./code.js";
/** The version of the protocol. Original servers refuse a higher one. */
export declare const VERSION = "1.9.1";
/** A session as its client remembers it. */
export interface Former {
    readonly socketID: string;
    readonly token: string;
    /** The number of the last channel data that was taken in. */
    readonly received: number;
}
/** What the client says of itself. */
export interface ClientInit {
    readonly auth?: unknown;
    /** The session to go on with, or `{}` for a new one; absent if that is to end with its link. */
    readonly resume?: Former | Readonly<Record<string, never>> | undefined;
}
/** Writes the data of the client's `in`, which announces that containers and refusals are read, and that it can be told to leave. */
export declare function encodeClientInit({ auth, resume }?: ClientInit): string;
/** How the server keeps a session that has lost its link. */
export interface ResumeTerms {
    /** A secret that proves on the next link that this is the same client. */
    readonly token: string;
    /** How long it is kept, in milliseconds. */
    readonly windowMs: number;
    /** The weight of unacknowledged messages that each side keeps at most. */
    readonly bufferBytes: number;
    /** Present where a session goes on: the number of the last channel data that the server has taken in. */
    readonly received: number | undefined;
}
/** What the server's `in` says of a client that is accepted. */
export interface ServerInit {
    readonly socketId: string;
    /** Whether the server reads containers and may send some; never so unless the client has announced it. */
    readonly batch: boolean;
    /** Bytes of the longest message that the server takes; infinite where it doesn't tell. */
    readonly limit: number;
    /** Set where the session outlives its link; never so without containers. */
    readonly resume: ResumeTerms | undefined;
    /** Whether the server may tell the client to leave. */
    readonly drain: boolean;
}
/** Why the server's application doesn't accept the client; `dr` follows if it need not come back. */
export interface Refusal {
    readonly refusal: ErrorBody;
}
/** Reads the data of the server's `in`; members it doesn't know are ignored. */
export declare function decodeServerInit(text: string): ServerInit | Refusal | undefined;
