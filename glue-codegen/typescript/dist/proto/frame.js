import { byWire } from "./wire.js";
const COMMANDS = {
    init: "in",
    ping: "pi",
    pong: "po",
    close: "cl",
    invalid: "iv",
    dont_reconnect: "dr",
    channel_data: "cd",
    batch: "ba",
};
const WITH_DATA = ["init", "channel_data", "batch"];
const KINDS = byWire(COMMANDS);
/** Writes a frame. */
export function encodeFrame(kind, data = "") {
    return COMMANDS[kind] + data;
}
/** Reads a frame. Data behind a command that takes none is ignored. */
export function decodeFrame(text) {
    const kind = KINDS.get(text.slice(0, 2));
    return kind && (WITH_DATA.includes(kind) ? { kind, data: text.slice(2) } : { kind });
}
