import { GlueError } from "../errors.js";
/**
 * Waits for a call and gives what it failed with as a value. What a generated method returns says what its own error is;
 * any other promise may fail with one of a type that isn't known. What is no {@link GlueError}, such as what a source
 * of items has thrown, is thrown on.
 */
export async function safe(call) {
    try {
        return { ok: true, value: await call };
    }
    catch (error) {
        if (!(error instanceof GlueError))
            throw error;
        return { ok: false, error: error };
    }
}
/** Whether `error` is the own error of `method`, as it is spelled on the wire; for generated code. */
export function isError(error, channel, method) {
    return (error instanceof GlueError && error.code === "application" && error.method === `${channel}.${method}`);
}
