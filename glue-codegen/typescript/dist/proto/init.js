/** The version of the protocol. Original servers refuse a higher one. */
export const VERSION = "1.9.1";
/** Writes the data of the client's `in`. */
export function encodeClientInit() {
    return JSON.stringify({ version: VERSION });
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
    const init = value;
    const socketId = init?.socketID;
    if (typeof socketId !== "string" || !socketId)
        return { error: "no_socket_id" };
    return { socketId, batch: init?.batch === true };
}
