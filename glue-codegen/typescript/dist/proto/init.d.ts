import type { Malformed } from "./malformed.js";
/** The version of the protocol. Original servers refuse a higher one. */
export declare const VERSION = "1.9.1";
/** Writes the data of the client's `in`. */
export declare function encodeClientInit(): string;
/** What the server's `in` says. */
export interface ServerInit {
    readonly socketId: string;
    /** Whether the server reads containers and may send some; never so unless the client has announced it. */
    readonly batch: boolean;
}
/** Reads the data of the server's `in`; members it doesn't know are ignored. */
export declare function decodeServerInit(text: string): ServerInit | Malformed<"not_json" | "not_an_object" | "no_socket_id">;
