import { byWire } from "./wire.js";

const COMMANDS = {
  init: "in",
  ping: "pi",
  pong: "po",
  close: "cl",
  invalid: "iv",
  dont_reconnect: "dr",
  channel_data: "cd",
  batch: "ba",
} as const;

/** The kinds of {@link Frame}. */
export type FrameKind = keyof typeof COMMANDS;

/** The smallest unit on the wire: a two-letter command and its data. */
export interface Frame {
  readonly kind: FrameKind;
  /** What follows the command of an init, channel data or a container. */
  readonly data?: string;
}

const WITH_DATA: readonly FrameKind[] = ["init", "channel_data", "batch"];

const KINDS = byWire(COMMANDS);

/** Writes a frame. */
export function encodeFrame(kind: FrameKind, data = ""): string {
  return COMMANDS[kind] + data;
}

/** Reads a frame. Data behind a command that takes none is ignored. */
export function decodeFrame(text: string): Frame | undefined {
  const kind = KINDS.get(text.slice(0, 2));
  return kind && (WITH_DATA.includes(kind) ? { kind, data: text.slice(2) } : { kind });
}
