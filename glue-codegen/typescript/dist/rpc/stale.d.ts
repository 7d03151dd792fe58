import type { StaleCheck } from "./options.js";
/**
 * Fails what has changed since the client's code was generated with `stale_client`; for generated code. `ours` are the
 * hashes of the channel's methods and events by their name on the wire.
 */
export declare function staleCheck(ours: Readonly<Record<string, string>>): StaleCheck;
