/** Writes `<length>&<name><data>`; the length counts bytes of UTF-8. */
export function encodePair(name, data) {
    return `${utf8Length(name)}&${name}${data}`;
}
/**
 * Reads a pair. The length counts bytes of UTF-8, or with `utf16` units of UTF-16, as the original's script
 * writes it; the two differ for names beyond ASCII only.
 */
export function decodePair(text, utf16 = false) {
    const [head = "", digits] = /^([+-]?\d+)&/.exec(text) ?? [];
    let left = Number(digits);
    if (!(left >= 0))
        return undefined;
    let end = head.length;
    for (const char of text.slice(end)) {
        if (left <= 0)
            break;
        left -= utf16 || char <= "~" ? char.length : utf8Length(char);
        end += char.length;
    }
    return left ? undefined : { name: text.slice(head.length, end), data: text.slice(end) };
}
/** Bytes of UTF-8; a lone surrogate counts three, as the replacement character that it becomes on the wire. */
export function utf8Length(text) {
    // Nearly all is plain ASCII, and each call asks a few times: to encode that for its length is a third of what a call costs.
    return /[^ -~]/.test(text) ? new TextEncoder().encode(text).length : text.length;
}
