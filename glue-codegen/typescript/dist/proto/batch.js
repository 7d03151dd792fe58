import { decodeNumber } from "./frame.js";
import { MAX_BATCH_MESSAGES, NEVER } from "./limits.js";
/** Writes the data of a container. None of the messages may be an `in` or a container. */
export function encodeBatch(messages) {
    return messages.map((message) => `${message.length}&${message}`).join("");
}
/** Reads the data of a container: all of its messages, or nothing if anything about it is wrong. */
export function decodeBatch(text, most = MAX_BATCH_MESSAGES) {
    if (!text)
        return undefined;
    const messages = [];
    let commands = "";
    for (let position = 0; position < text.length;) {
        const start = text.indexOf("&", position) + 1;
        const digits = text.slice(position, start - 1);
        position = start + (decodeNumber(digits) ?? NEVER);
        const message = text.slice(start, position);
        const isSplit = message && text.codePointAt(position - 1) > 0xffff;
        if (!start || position > text.length || isSplit || messages.length === most)
            return undefined;
        messages.push(message);
        commands += ` ${message.slice(0, 2)}`;
    }
    // An `ak` is the first, and an `nu` in front of the first `cd` [U-7].
    const isForbidden = / (?:in|ba)|. ak| nu(?! cd)/s.test(commands);
    return isForbidden || commands.lastIndexOf(" nu") > commands.indexOf(" cd") ? undefined : messages;
}
