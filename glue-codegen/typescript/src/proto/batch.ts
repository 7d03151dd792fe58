import { MAX_BATCH_MESSAGES } from "./limits.js";
import type { Malformed } from "./malformed.js";

/** Why the data behind `ba` is no container. */
export type BatchError =
  | "empty"
  | "no_separator"
  | "bad_length"
  | "too_long"
  | "split_character"
  | "forbidden"
  | "too_many";

/** Writes the data of a container. None of the messages may be an `in` or a container. */
export function encodeBatch(messages: readonly string[]): string {
  return messages.map((message) => `${message.length}&${message}`).join("");
}

/** Reads the data of a container: all of its messages, or nothing if anything about it is wrong. */
export function decodeBatch(
  text: string,
  most = MAX_BATCH_MESSAGES,
): readonly string[] | Malformed<BatchError> {
  if (!text) return { error: "empty" };
  const messages: string[] = [];
  for (let position = 0; position < text.length; ) {
    if (messages.length === most) return { error: "too_many" };
    const start = text.indexOf("&", position) + 1;
    if (!start) return { error: "no_separator" };
    const digits = text.slice(position, start - 1);
    if (!/^(?:0|[1-9]\d*)$/.test(digits)) return { error: "bad_length" };
    position = start + Number(digits);
    if (position > text.length) return { error: "too_long" };
    if (position > start && (text.codePointAt(position - 1) as number) > 0xffff)
      return { error: "split_character" };
    const message = text.slice(start, position);
    if (message.startsWith("in") || message.startsWith("ba")) return { error: "forbidden" };
    messages.push(message);
  }
  return messages;
}
