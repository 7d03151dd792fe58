import { MAX_CREDIT, MAX_ID, MAX_PARAMS } from "./limits.js";
import type { Malformed } from "./malformed.js";
import { byWire } from "./wire.js";

const KINDS = {
  hello: "hi",
  request: "rq",
  notification: "nt",
  ok: "ok",
  error: "er",
  item: "it",
  end: "en",
  credit: "cr",
  cancel: "ca",
  event: "ev",
} as const;

/** The kinds of {@link Envelope}. */
export type EnvelopeKind = keyof typeof KINDS;

/** One unit of the typed calls inside a channel's data. */
export interface Envelope {
  readonly kind: EnvelopeKind;
  /** The exchange it belongs to; absent for hello, notification and event. */
  readonly id?: number;
  /** The parameters of a request, and the trace context of a notification. */
  readonly params?: EnvelopeParams;
  /** The method of a request or notification. */
  readonly method?: string;
  /** The name of an event. */
  readonly event?: string;
  /** The number of items a credit grants. */
  readonly credit?: number;
  /** JSON text, not parsed here. */
  readonly body?: string;
}

/** What stands between the kind and the first `&`, as far as this version understands it. */
export interface EnvelopeParams {
  /** `c`: items that may be sent to the opener at first. */
  readonly credit?: number | undefined;
  /** `t`: milliseconds that the opener waits. */
  readonly timeout?: number | undefined;
  /** `tp`: the opener's trace context as it stands, W3C's `traceparent` if it is one. */
  readonly trace?: string | undefined;
}

/** Why a text isn't an envelope. */
export type EnvelopeError =
  | "unknown_kind"
  | "bad_id"
  | "missing_id"
  | "unexpected_id"
  | "bad_param"
  | "duplicate_param"
  | "no_body"
  | "bad_method"
  | "bad_credit";

const BY_WIRE = byWire(KINDS);

/** Writes an envelope. */
export function encodeEnvelope({ kind, id, params, method, event, credit, body }: Envelope): string {
  const name = method ?? event;
  let head = "";
  if (params?.credit) head += `;c=${params.credit}`;
  if (params?.timeout) head += `;t=${params.timeout}`;
  if (params?.trace) head += `;tp=${params.trace}`;
  return `${KINDS[kind]}${id ?? ""}${head}&${name === undefined ? "" : `${name}&`}${credit ?? body ?? ""}`;
}

/** Reads an envelope: its kind, then id, parameters, name and body, so that the first fault is the one reported. */
export function decodeEnvelope(text: string): Envelope | Malformed<EnvelopeError> {
  const kind = BY_WIRE.get(text.slice(0, 2));
  if (!kind) return { error: "unknown_kind" };
  const split = text.indexOf("&");
  if (split < 0) return { error: "no_body" };
  const envelope: { -readonly [K in keyof Envelope]: Envelope[K] } = { kind };
  const named = kind === "request" || kind === "notification" || kind === "event";

  const [digits, ...params] = text.slice(2, split).split(";") as [string, ...string[]];
  if (kind === "hello" || (named && kind !== "request")) {
    if (digits) return { error: "unexpected_id" };
  } else {
    if (!digits) return { error: "missing_id" };
    const id = decodeNumber(digits, MAX_ID);
    if (!id) return { error: "bad_id" };
    envelope.id = id;
  }

  const seen = new Set<string>();
  for (const param of params) {
    const [, key, encoded] = /^([a-z]+)=([!-:<>-~]*)$/.exec(param) ?? [];
    const value = encoded === undefined ? undefined : percentDecode(encoded);
    if (key === undefined || value === undefined || seen.size === MAX_PARAMS) return { error: "bad_param" };
    if (seen.has(key)) return { error: "duplicate_param" };
    seen.add(key);
    if (kind === "request" && (key === "c" || key === "t")) {
      const number = decodeNumber(value, MAX_CREDIT);
      if (!number) return { error: key === "c" ? "bad_credit" : "bad_param" };
      envelope.params = { ...envelope.params, [key === "c" ? "credit" : "timeout"]: number };
    } else if (key === "tp" && (kind === "request" || kind === "notification")) {
      envelope.params = { ...envelope.params, trace: encoded };
    }
  }

  let body = text.slice(split + 1);
  if (named) {
    const end = body.indexOf("&");
    if (end < 0) return { error: "no_body" };
    const name = body.slice(0, end);
    if (!/^[A-Za-z_]\w*$/.test(name)) return { error: "bad_method" };
    envelope[kind === "event" ? "event" : "method"] = name;
    body = body.slice(end + 1);
  }
  if (kind === "credit") {
    const credit = decodeNumber(body, MAX_CREDIT);
    if (!credit) return { error: "bad_credit" };
    envelope.credit = credit;
  } else if (kind !== "end" && kind !== "cancel") {
    if (!body) return { error: "no_body" };
    envelope.body = body;
  }
  return envelope;
}

/** Reads a number from 1 to `max`, written without sign and leading zeros. */
function decodeNumber(text: string, max: number): number | undefined {
  const value = Number(text);
  return /^[1-9]\d*$/.test(text) && value <= max ? value : undefined;
}

function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
