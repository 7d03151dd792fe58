/** A channel's name and the data for it. */
export interface Pair {
    readonly name: string;
    readonly data: string;
}
/** Writes `<length>&<name><data>`; the length counts bytes of UTF-8. */
export declare function encodePair(name: string, data: string): string;
/**
 * Reads a pair. The length counts bytes of UTF-8, or with `utf16` units of UTF-16, as the original's script
 * writes it; the two differ for names beyond ASCII only.
 */
export declare function decodePair(text: string, utf16?: boolean): Pair | undefined;
/** Bytes of UTF-8; a lone surrogate counts three, as the replacement character that it becomes on the wire. */
export declare function utf8Length(text: string): number;
