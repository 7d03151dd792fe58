/** The error codes of typed calls, as they are spelled on the wire. */
export const CODES = [
    "cancelled",
    "deadline_exceeded",
    "invalid_argument",
    "unimplemented",
    "unavailable",
    "resource_exhausted",
    "unauthenticated",
    "permission_denied",
    "internal",
    "application",
    "stale_client",
];
/** Reads an error; a code that isn't known is `internal`. */
export function decodeErrorBody({ code, message, data, }) {
    return {
        code: CODES.includes(code) ? code : "internal",
        message: typeof message === "string" ? message : "",
        data,
    };
}
