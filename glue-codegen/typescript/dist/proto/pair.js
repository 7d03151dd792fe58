/** Writes `<length>&<name><data>`; the length counts bytes of UTF-8. */
export function encodePair(name, data) {
    return `${utf8Length(name)}&${name}${data}`;
}
/**
 * Reads a pair. The length counts bytes of UTF-8, or with `utf16` units of UTF-16, as the original's script
 * writes it; the two differ for names beyond ASCII only.
 */
export function decodePair(text, utf16 = false) {
    const start = text.indexOf("&") + 1;
    const digits = text.slice(0, start - 1);
    const length = Number(digits);
    if (!start || !/^[+-]?\d+$/.test(digits) || length < 0)
        return undefined;
    let end = start;
    for (let left = length; left > 0;) {
        const code = text.codePointAt(end);
        if (code === undefined)
            return undefined;
        const units = code > 0xffff ? 2 : 1;
        left -= utf16 ? units : code < 0x80 ? 1 : utf8Length(text.slice(end, end + units));
        if (left < 0)
            return undefined;
        end += units;
    }
    return { name: text.slice(start, end), data: text.slice(end) };
}
/** Bytes of UTF-8; a lone surrogate counts three, as the replacement character that it becomes on the wire. */
export function utf8Length(text) {
    return new TextEncoder().encode(text).length;
}
