import { MAX_ID } from "./limits.js";
import { byWire } from "./wire.js";

/** The command of channel data. */
export const DATA = "cd";

const COMMANDS = {
  init: "in",
  ping: "pi",
  pong: "po",
  close: "cl",
  invalid: "iv",
  dont_reconnect: "dr",
  channel_data: DATA,
  batch: "ba",
  ack: "ak",
  number: "nu",
  drain: "dn",
} as const;

/** The kinds of {@link Frame}. */
export type FrameKind = keyof typeof COMMANDS;

/** The smallest unit on the wire: a two-letter command and its data. */
export interface Frame {
  readonly kind: FrameKind;
  /** What follows the command. Of one that takes nothing it means nothing [F-5]. */
  readonly data: string;
}

const KINDS = byWire(COMMANDS);

/** Writes a frame. */
export function encodeFrame(kind: FrameKind, data = ""): string {
  return COMMANDS[kind] + data;
}

/** Reads a frame. */
export function decodeFrame(text: string): Frame | undefined {
  const kind = KINDS.get(text.slice(0, 2));
  return kind && { kind, data: text.slice(2) };
}

/** Reads a number up to `max`, written without sign and leading zeros. */
export function decodeNumber(text: string, max: number = MAX_ID): number | undefined {
  const value = Number(text);
  return /^(?:0|[1-9]\d*)$/.test(text) && value <= max ? value : undefined;
}
