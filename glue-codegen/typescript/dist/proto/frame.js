import { MAX_ID } from "./limits.js";
import { byWire } from "./wire.js";
/** The command of channel data. */
export const DATA = "cd";
const COMMANDS = {
    init: "in",
    ping: "pi",
    pong: "po",
    close: "cl",
    invalid: "iv",
    dont_reconnect: "dr",
    channel_data: DATA,
    batch: "ba",
    ack: "ak",
    number: "nu",
    drain: "dn",
};
const KINDS = byWire(COMMANDS);
/** Writes a frame. */
export function encodeFrame(kind, data = "") {
    return COMMANDS[kind] + data;
}
/** Reads a frame. */
export function decodeFrame(text) {
    const kind = KINDS.get(text.slice(0, 2));
    return kind && { kind, data: text.slice(2) };
}
/** Reads a number up to `max`, written without sign and leading zeros. */
export function decodeNumber(text, max = MAX_ID) {
    const value = Number(text);
    return /^(?:0|[1-9]\d*)$/.test(text) && value <= max ? value : undefined;
}
