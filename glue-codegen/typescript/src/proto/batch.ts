import { MAX_BATCH_MESSAGES } from "./limits.js";

/** Writes the data of a container. None of the messages may be an `in` or a container. */
export function encodeBatch(messages: readonly string[]): string {
  return messages.map((message) => `${message.length}&${message}`).join("");
}

/** Reads the data of a container: all of its messages, or nothing if anything about it is wrong. */
export function decodeBatch(text: string, most = MAX_BATCH_MESSAGES): readonly string[] | undefined {
  if (!text) return undefined;
  const messages: string[] = [];
  for (let position = 0; position < text.length; ) {
    const start = text.indexOf("&", position) + 1;
    const digits = text.slice(position, start - 1);
    position = start + Number(digits);
    const message = text.slice(start, position);
    const isSplit = message && (text.codePointAt(position - 1) as number) > 0xffff;
    const isWhole = start && /^(?:0|[1-9]\d*)$/.test(digits) && position <= text.length && !isSplit;
    if (!isWhole || /^(?:in|ba)/.test(message) || messages.length === most) return undefined;
    messages.push(message);
  }
  return messages;
}
