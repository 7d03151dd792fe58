import { GlueError } from "../errors.js";
/** HTTP statuses and WebSocket close codes that say more than that it didn't work. */
const CODES = {
    401: "unauthenticated",
    403: "permission_denied",
    413: "resource_exhausted",
    1009: "resource_exhausted",
};
/**
 * The error for what happened to a transport: `cause` itself, if it is one already. `status` is that of HTTP, or
 * the close code, where there is one.
 */
export function failure(message, cause, status = 0) {
    if (cause instanceof GlueError)
        return cause;
    return new GlueError(CODES[status] ?? "unavailable", message, {
        cause,
        data: status ? { status } : undefined,
    });
}
