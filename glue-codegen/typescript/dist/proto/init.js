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
        return undefined;
    }
    const { error, socketID, batch, limit = 0, } = (value ?? {});
    if (error != null)
        return { refusal: { ...decodeErrorBody(error), data: error.data ?? undefined } };
    if (typeof socketID !== "string" || !socketID)
        return undefined;
    return {
        socketId: socketID,
        batch: batch === true,
        limit: limit > 0 && Number.isSafeInteger(limit) ? limit : NEVER,
    };
}
