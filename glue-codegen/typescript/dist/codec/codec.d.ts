/** To the wire; without it, from the wire. */
export declare const OUT = 1;
/** Objects hold nothing but the members that their codec lists; only where all codecs within list every member. */
export declare const CLOSED = 2;
/**
 * Turns a value of the wire into the application's, or the other way round with {@link OUT}; without changing it. What
 * doesn't fit is returned as a {@link Mismatch}: a union tries its arms, for which throwing would be slow.
 */
export type Codec = (value: unknown, way: number) => unknown;
/** What is wrong with a value, and where in it. */
export declare class Mismatch {
    expected: string;
    /** As code would have it, with what separates it from what stands before. */
    path: string;
    /** The higher the more of the value did fit: of several, that one tells the most. */
    rank: number;
    constructor(expected: string, rank?: number);
    copy(): Mismatch;
    /** The same, seen from what holds the value as its `key`. */
    at(key: string | number): this;
}
/** Whether `value` is one of the kind `name`, also where it comes from another frame or context. */
export declare function isA(value: unknown, name: string): boolean;
/** Converts a `value` that is called `what`. Throws a `TypeError` that says where it doesn't fit. */
export declare function convert(codec: Codec, value: unknown, way: number, what: string): unknown;
