/** To the wire; without it, from the wire. */
export const OUT = 1;
/** Objects hold nothing but the members that their codec lists; only where all codecs within list every member. */
export const CLOSED = 2;
/** What is wrong with a value, and where in it. */
export class Mismatch {
    expected;
    /** As code would have it, with what separates it from what stands before. */
    path = "";
    /** The higher the more of the value did fit: of several, that one tells the most. */
    rank;
    constructor(expected, rank = 0) {
        this.expected = expected;
        this.rank = rank;
    }
    copy() {
        return Object.assign(new Mismatch(this.expected, this.rank), { path: this.path });
    }
    /** The same, seen from what holds the value as its `key`. */
    at(key) {
        this.path = (typeof key === "number" ? `[${key}]` : `.${key}`) + this.path;
        this.rank++;
        return this;
    }
}
/** Whether `value` is one of the kind `name`, also where it comes from another frame or context. */
export function isA(value, name) {
    return Object.prototype.toString.call(value) === `[object ${name}]`;
}
/** Converts a `value` that is called `what`. Throws a `TypeError` that says where it doesn't fit. */
export function convert(codec, value, way, what) {
    const result = codec(value, way);
    if (!(result instanceof Mismatch))
        return result;
    const path = result.path.replace(/^\./, "");
    throw new TypeError(`${what}: ${path && `${path}: `}${result.expected} expected`);
}
