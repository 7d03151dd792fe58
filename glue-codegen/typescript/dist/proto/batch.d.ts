import type { Malformed } from "./malformed.js";
/** Why the data behind `ba` is no container. */
export type BatchError = "empty" | "no_separator" | "bad_length" | "too_long" | "split_character" | "forbidden" | "too_many";
/** Writes the data of a container. None of the messages may be an `in` or a container. */
export declare function encodeBatch(messages: readonly string[]): string;
/** Reads the data of a container: all of its messages, or nothing if anything about it is wrong. */
export declare function decodeBatch(text: string, most?: number): readonly string[] | Malformed<BatchError>;
