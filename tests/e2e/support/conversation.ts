import { decodeEnvelope } from "../generated/runtime/proto/envelope.js";
import { decodeFrame } from "../generated/runtime/proto/frame.js";
import { decodePair } from "../generated/runtime/proto/pair.js";

/** A message of a typed channel, by its name in the AsyncAPI document. */
export interface Said {
  readonly channel: string;
  readonly message: string;
  readonly payload: unknown;
  /** What it is part of: a request that is refused can be told by it. */
  readonly exchange: string | undefined;
}

/** What a name in the document says behind the method's. */
const PARTS: Readonly<Record<string, string>> = {
  request: "request",
  ok: "answer",
  error: "error",
  notification: "message",
  event: "message",
};

/** Reads the texts of one session, both ways, for what they say on typed channels. */
export class Conversation {
  /** Methods of exchanges, by channel and id. */
  readonly #methods = new Map<string, string>();
  readonly #typed: readonly string[];

  constructor(typed: readonly string[]) {
    this.#typed = typed;
  }

  read(text: string, isSent: boolean): Said | undefined {
    const frame = decodeFrame(text);
    const pair = frame?.kind === "channel_data" ? decodePair(frame.data ?? "") : undefined;
    const envelope = pair && this.#typed.includes(pair.name) ? decodeEnvelope(pair.data) : undefined;
    if (!pair || !envelope) return undefined;
    const { kind, id, body } = envelope;
    const exchange = id === undefined ? undefined : `${pair.name} ${id}`;
    if (exchange && kind === "request") this.#methods.set(exchange, envelope.method ?? "");
    const method = exchange ? this.#methods.get(exchange) : (envelope.method ?? envelope.event);
    const part = kind === "item" ? (isSent ? "upload" : "item") : PARTS[kind];
    if (!method || !part) return undefined;
    return { channel: pair.name, message: `${method}.${part}`, payload: JSON.parse(body ?? ""), exchange };
  }
}
