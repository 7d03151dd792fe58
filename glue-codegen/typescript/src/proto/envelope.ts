import { MAX_CREDIT, MAX_ID, MAX_PARAMS } from "./limits.js";
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
  readonly id?: number | undefined;
  /** The parameters of a request, and the trace context of a notification. */
  readonly params?: EnvelopeParams | undefined;
  /** The method of a request or notification. */
  readonly method?: string | undefined;
  /** The name of an event. */
  readonly event?: string | undefined;
  /** The number of items a credit grants. */
  readonly credit?: number | undefined;
  /** JSON text, not parsed here. */
  readonly body?: string | undefined;
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

const PARAMS = { credit: "c", timeout: "t", trace: "tp" } as const;

const KIND_BY_WIRE = byWire(KINDS);
const PARAM_BY_WIRE = byWire(PARAMS);

/** Writes an envelope. */
export function encodeEnvelope({ kind, id, params, method, event, credit, body }: Envelope): string {
  let head = KINDS[kind] + (id ?? "");
  for (const [key, param] of PARAM_BY_WIRE) {
    const value = params?.[param];
    if (value) head += `;${key}=${value}`;
  }
  const name = method ?? event;
  return `${head}&${name === undefined ? "" : `${name}&`}${credit ?? body ?? ""}`;
}

/** Reads an envelope. */
export function decodeEnvelope(text: string): Envelope | undefined {
  const kind = KIND_BY_WIRE.get(text.slice(0, 2));
  const split = text.indexOf("&");
  if (!kind || split < 0) return undefined;
  const envelope: { -readonly [K in keyof Envelope]: Envelope[K] } = { kind };
  const isRequest = kind === "request";
  const isNotification = kind === "notification";
  const isEvent = kind === "event";

  const [digits = "", ...params] = text.slice(2, split).split(";");
  if (isNotification || isEvent || kind === "hello") {
    if (digits) return undefined;
  } else {
    envelope.id = decodeNumber(digits, MAX_ID);
    if (!envelope.id) return undefined;
  }

  const seen = new Set<string>();
  for (const param of params) {
    const [, key = "", encoded = ""] = /^([a-z]+)=([!-:<>-~]*)$/.exec(param) ?? [];
    const value = percentDecode(encoded);
    if (!key || value === undefined || seen.has(key) || seen.size === MAX_PARAMS) return undefined;
    seen.add(key);
    const name = PARAM_BY_WIRE.get(key);
    if (isRequest || (isNotification && name === "trace")) {
      const known = name === "trace" ? encoded : name && decodeNumber(value, MAX_CREDIT);
      if (name && known === undefined) return undefined;
      if (name) envelope.params = { ...envelope.params, [name]: known };
    }
  }

  let body = text.slice(split + 1);
  if (isRequest || isNotification || isEvent) {
    const [start, name] = /^([A-Za-z_]\w*)&/.exec(body) ?? [];
    if (!start) return undefined;
    envelope[isEvent ? "event" : "method"] = name;
    body = body.slice(start.length);
  }
  if (kind === "credit") {
    envelope.credit = decodeNumber(body, MAX_CREDIT);
    if (!envelope.credit) return undefined;
  } else if (kind !== "end" && kind !== "cancel") {
    if (!body) return undefined;
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
