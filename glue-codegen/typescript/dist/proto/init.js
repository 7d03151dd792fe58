import { decodeErrorBody } from "./code.js";
import { NEVER } from "./limits.js";
/** The version of the protocol. Original servers refuse a higher one. */
export const VERSION = "1.9.1";
/** Writes the data of the client's `in`, which announces that containers and refusals are read. */
export function encodeClientInit(auth) {
    return JSON.stringify({ version: VERSION, batch: true, errors: true, auth: auth ?? undefined });
}
/** Reads the data of the server's `in`; members it doesn't know are ignored. */
export function decodeServerInit(text) {
    let value;
    try {
        value = JSON.parse(text);
    }
    catch {
        return { error: "not_json" };
    }
    if (typeof value !== "object" || Array.isArray(value))
        return { error: "not_an_object" };
    const { error, socketID, batch, limit = 0, } = (value ?? {});
    if (error != null)
        return { refusal: { ...decodeErrorBody(error), data: error.data ?? undefined } };
    if (typeof socketID !== "string" || !socketID)
        return { error: "no_socket_id" };
    return {
        socketId: socketID,
        batch: batch === true,
        limit: limit > 0 && Number.isSafeInteger(limit) ? limit : NEVER,
    };
}
