/**
 * Makes a `traceparent`: that of a new trace, or, given one, of a new part of the same trace. For
 * `ChannelOptions.traceparent` and `CallOptions.traceparent`, where no tracing library gives them.
 */
export function newTraceparent(parent) {
    const hex = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const trace = isTraceparent(parent) ? parent.slice(3, 35) : hex.slice(0, 32);
    return `00-${trace}-${hex.slice(32)}-01`;
}
/** Whether it is a W3C `traceparent` of version 00; the ids that are all zeros are none [E-13]. */
export function isTraceparent(text) {
    return /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/.test(text ?? "");
}
