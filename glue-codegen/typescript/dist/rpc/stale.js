import { GlueError } from "../errors.js";
/**
 * Fails what has changed since the client's code was generated with `stale_client`; for generated code. `ours` are the
 * hashes of the channel's methods and events by their name on the wire.
 */
export function staleCheck(ours) {
    return (method, theirs) => {
        // A server that knows the same channel doesn't tell of its methods.
        if (typeof theirs !== "object" || !theirs)
            return undefined;
        const client = ours[method];
        const server = theirs[method] ?? null;
        if (!client || client === server)
            return undefined;
        return new GlueError("stale_client", `${method} has changed`, { data: { method, client, server } });
    };
}
