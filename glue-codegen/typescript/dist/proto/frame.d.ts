/** The command of channel data. */
export declare const DATA = "cd";
declare const COMMANDS: {
    readonly init: "in";
    readonly ping: "pi";
    readonly pong: "po";
    readonly close: "cl";
    readonly invalid: "iv";
    readonly dont_reconnect: "dr";
    readonly channel_data: "cd";
    readonly batch: "ba";
    readonly ack: "ak";
    readonly number: "nu";
    readonly drain: "dn";
};
/** The kinds of {@link Frame}. */
export type FrameKind = keyof typeof COMMANDS;
/** The smallest unit on the wire: a two-letter command and its data. */
export interface Frame {
    readonly kind: FrameKind;
    /** What follows the command. Of one that takes nothing it means nothing [F-5]. */
    readonly data: string;
}
/** Writes a frame. */
export declare function encodeFrame(kind: FrameKind, data?: string): string;
/** Reads a frame. */
export declare function decodeFrame(text: string): Frame | undefined;
/** Reads a number up to `max`, written without sign and leading zeros. */
export declare function decodeNumber(text: string, max?: number): number | undefined;
export {};
