import { MAX_BATCH_MESSAGES } from "./limits.js";
/** Writes the data of a container. None of the messages may be an `in` or a container. */
export function encodeBatch(messages) {
    return messages.map((message) => `${message.length}&${message}`).join("");
}
/** Reads the data of a container: all of its messages, or nothing if anything about it is wrong. */
export function decodeBatch(text, most = MAX_BATCH_MESSAGES) {
    if (!text)
        return { error: "empty" };
    const messages = [];
    for (let position = 0; position < text.length;) {
        if (messages.length === most)
            return { error: "too_many" };
        const start = text.indexOf("&", position) + 1;
        if (!start)
            return { error: "no_separator" };
        const digits = text.slice(position, start - 1);
        if (!/^(?:0|[1-9]\d*)$/.test(digits))
            return { error: "bad_length" };
        position = start + Number(digits);
        if (position > text.length)
            return { error: "too_long" };
        if (position > start && text.codePointAt(position - 1) > 0xffff)
            return { error: "split_character" };
        const message = text.slice(start, position);
        if (message.startsWith("in") || message.startsWith("ba"))
            return { error: "forbidden" };
        messages.push(message);
    }
    return messages;
}
