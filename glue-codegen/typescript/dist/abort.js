import { GlueError } from "./errors.js";
/**
 * Calls `abort` with the error to fail with when the signal fires; throws that error if it has already.
 * Returns what ends that.
 */
export function onAbort(signal, abort) {
    if (!signal)
        return () => { };
    const error = () => new GlueError("cancelled", "cancelled", { cause: signal.reason });
    if (signal.aborted)
        throw error();
    const listener = () => abort(error());
    signal.addEventListener("abort", listener);
    return () => signal.removeEventListener("abort", listener);
}
