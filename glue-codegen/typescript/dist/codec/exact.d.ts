/** What travels in another form than it has for the application. */
import { type Codec } from "./codec.js";
/** An integer of at most 128 bits, as a string of decimal digits [V-1]. */
export declare const bigint: Codec;
/** Bytes, as base64 with padding [V-2]. */
export declare const bytes: Codec;
/** An instant, as RFC 3339 with a year of four digits; what is beyond milliseconds is cut off [V-3]. */
export declare const date: Codec;
/** A `Map`, as an array of its entries [V-4]. */
export declare function map(key: Codec, value: Codec): Codec;
/** A `Set`, as an array [V-5]. */
export declare function set(item: Codec): Codec;
