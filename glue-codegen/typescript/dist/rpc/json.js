import { GlueError } from "../errors.js";
/**
 * Writes `value`, which is called `what`, as JSON; nothing is `null`. Fails where JSON would say something else,
 * with the `method` that it is for.
 */
export function encodeJson(what, value, method) {
    try {
        const text = JSON.stringify(value) ?? "null";
        // What changes without a word becomes one of these, so only where there is one it is looked for.
        if (/null|[:,[]{}|^{}/.test(text))
            JSON.stringify(value, refuseLoss);
        return text;
    }
    catch (cause) {
        throw new GlueError("invalid_argument", `${what}: ${GlueError.from(cause).message}`, { cause, method });
    }
}
/**
 * Throws where JSON would say something else: null for NaN, the infinities and a Date without a time, `{}` for
 * a Map or Set. Whether a large number was meant for an integer and has lost digits only the server can tell.
 */
function refuseLoss(key, value) {
    // As it was before `toJSON`.
    const raw = this[key];
    const refused = typeof value === "number"
        ? !Number.isFinite(value)
        : value instanceof Map || value instanceof Set || (value === null && Number.isNaN(raw?.valueOf()));
    if (refused)
        throw new RangeError(`${key} is ${raw}`);
    return value;
}
