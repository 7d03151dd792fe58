import { type AjaxRequest, encodeAjaxRequest } from "../proto/ajax.js";

/** What a request to the Ajax endpoint wants; `other` if it is none that a client of Glue makes. */
export type RequestKind = AjaxRequest["kind"] | "other";

/** A request as it arrives at the Ajax endpoint. */
export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly body: string;
  readonly kind: RequestKind;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** An answer to it. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the connection breaks before the body has come to its end. */
  readonly breaksOff?: boolean;
}

/** Answers requests. Throwing breaks the connection: `fetch` fails. */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

/** The init that `fetch` is called with, as far as it matters here. */
export interface MemoryFetchInit {
  readonly method?: string | undefined;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | null | undefined;
}

/** What `fetch` gives: the part of a `Response` that clients of Glue read. */
export class MemoryResponse {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: { get(name: string): string | null };
  readonly #answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    const { status, body, headers = {} } = answer;
    this.status = status;
    this.ok = status >= 200 && status < 300;
    const length = String(new TextEncoder().encode(body).length);
    this.headers = new Headers({ "content-type": TEXT, "content-length": length, ...headers });
    this.#answer = answer;
  }

  async text(): Promise<string> {
    if (this.#answer.breaksOff) throw new TypeError("terminated");
    return this.#answer.body;
  }
}

/** The kind of request that a body makes. */
export function requestKind(body: string): RequestKind {
  const kinds: readonly RequestKind[] = ["init", "poll", "push"];
  return kinds.find((kind) => body.startsWith(KEYS[kind as AjaxRequest["kind"]])) ?? "other";
}

/** The name of the session in a body, and what stands behind it. */
export function bodyParts(body: string): { readonly uid: string; readonly data: string } {
  const split = body.indexOf("&");
  return split < 0
    ? { uid: body.slice(1), data: "" }
    : { uid: body.slice(1, split), data: body.slice(split + 1) };
}

/** An answer of the server itself to what it refuses, as PROTOCOL.md, part 2, has them. */
export function refusal(status: number, body: string): HttpAnswer {
  return { status, body: `${body}\n`, headers: { "x-content-type-options": "nosniff" } };
}

const TEXT = "text/plain; charset=utf-8";

const NOTHING = { uid: "", token: "", message: "" };

/** How the body of each kind begins. */
const KEYS = {
  init: encodeAjaxRequest({ kind: "init" }),
  poll: encodeAjaxRequest({ kind: "poll", ...NOTHING }).slice(0, 1),
  push: encodeAjaxRequest({ kind: "push", ...NOTHING }).slice(0, 1),
};
