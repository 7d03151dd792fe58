import { decodeErrorBody } from "./code.js";
import { NEVER } from "./limits.js";
/** The version of the protocol. Original servers refuse a higher one. */
export const VERSION = "1.9.1";
/** Writes the data of the client's `in`, which announces that containers and refusals are read, and that it can be told to leave. */
export function encodeClientInit({ auth, resume } = {}) {
    return JSON.stringify({
        version: VERSION,
        batch: true,
        errors: true,
        auth: auth ?? undefined,
        resume,
        drain: true,
    });
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
    const { error, socketID, batch, limit, resume, drain } = (value ?? {});
    if (error != null)
        return { refusal: { ...decodeErrorBody(error), data: error.data ?? undefined } };
    if (typeof socketID !== "string" || !socketID)
        return undefined;
    return {
        socketId: socketID,
        batch: batch === true,
        limit: isWhole(limit, 1) ? limit : NEVER,
        resume: batch === true ? decodeTerms(resume ?? {}) : undefined,
        drain: drain === true,
    };
}
function decodeTerms({ token, windowMs, bufferBytes, received, }) {
    const isComplete = typeof token === "string" &&
        /^[0-9A-Za-z]+$/.test(token) &&
        isWhole(windowMs, 1) &&
        isWhole(bufferBytes, 1);
    return isComplete
        ? { token, windowMs, bufferBytes, received: isWhole(received, 0) ? received : undefined }
        : undefined;
}
function isWhole(value, least) {
    return Number.isSafeInteger(value) && value >= least;
}
