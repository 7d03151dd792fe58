import { GlueError } from "./errors.js";
/**
 * Calls `abort` with the error to fail with when the signal fires; throws that error if it has already.
 * Returns what ends that.
 */
export declare function onAbort(signal: AbortSignal | undefined, abort: (error: GlueError) => void): () => void;
