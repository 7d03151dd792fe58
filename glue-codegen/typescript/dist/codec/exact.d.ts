/** What travels in another form than it has for the application. */
import { type Codec } from "./codec.js";
/** An integer of at most 128 bits, as a string of decimal digits. */
export declare const bigint: Codec;
/** Bytes, as base64 with padding. */
export declare const bytes: Codec;
/** An instant, as RFC 3339 with a year of four digits; what is beyond milliseconds is cut off. */
export declare const date: Codec;
/** A `Map`, as an array of its entries. */
export declare function map(key: Codec, value: Codec): Codec;
/** A `Set`, as an array. */
export declare function set(item: Codec): Codec;
