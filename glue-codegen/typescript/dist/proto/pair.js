/** Writes `<length>&<name><data>`; the length counts bytes of UTF-8. */
export function encodePair(name, data) {
    let bytes = 0;
    for (const char of name)
        bytes += utf8Length(char);
    return `${bytes}&${name}${data}`;
}
/**
 * Reads a pair. The length counts bytes of UTF-8, or with `utf16` units of UTF-16, as the original's script
 * writes it; the two differ for names beyond ASCII only.
 */
export function decodePair(text, utf16 = false) {
    const start = text.indexOf("&") + 1;
    if (!start)
        return { error: "no_separator" };
    const digits = text.slice(0, start - 1);
    const length = Number(digits);
    if (!/^[+-]?\d+$/.test(digits) || length < 0)
        return { error: "bad_length" };
    let end = start;
    for (let left = length; left > 0;) {
        const code = text.codePointAt(end);
        if (code === undefined)
            return { error: "too_long" };
        const units = code > 0xffff ? 2 : 1;
        left -= utf16 ? units : utf8Length(text[end], code);
        if (left < 0)
            return { error: "split_character" };
        end += units;
    }
    return { name: text.slice(start, end), data: text.slice(end) };
}
/** A lone surrogate counts three, as the replacement character that it becomes on the wire. */
function utf8Length(char, code = char.codePointAt(0)) {
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}
