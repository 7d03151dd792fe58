declare const COMMANDS: {
    readonly init: "in";
    readonly ping: "pi";
    readonly pong: "po";
    readonly close: "cl";
    readonly invalid: "iv";
    readonly dont_reconnect: "dr";
    readonly channel_data: "cd";
    readonly batch: "ba";
};
/** The kinds of {@link Frame}. */
export type FrameKind = keyof typeof COMMANDS;
/** The smallest unit on the wire: a two-letter command and its data. */
export interface Frame {
    readonly kind: FrameKind;
    /** What follows the command of an init, channel data or a container. */
    readonly data?: string;
}
/** Writes a frame. */
export declare function encodeFrame(kind: FrameKind, data?: string): string;
/** Reads a frame. Data behind a command that takes none is ignored. */
export declare function decodeFrame(text: string): Frame | undefined;
export {};
