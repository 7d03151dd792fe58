import { decodeErrorBody, type ErrorBody } from "./code.js";
import { NEVER } from "./limits.js";

/** The version of the protocol. Original servers refuse a higher one. */
export const VERSION = "1.9.1";

/** A session as its client remembers it. */
export interface Former {
  readonly socketID: string;
  readonly token: string;
  /** The number of the last channel data that was taken in. */
  readonly received: number;
}

/** What the client says of itself. */
export interface ClientInit {
  readonly auth?: unknown;
  /** The session to go on with, or `{}` for a new one; absent if that is to end with its link. */
  readonly resume?: Former | Readonly<Record<string, never>> | undefined;
}

/** Writes the data of the client's `in`, which announces that containers and refusals are read, and that it can be told to leave. */
export function encodeClientInit({ auth, resume }: ClientInit = {}): string {
  return JSON.stringify({
    version: VERSION,
    batch: true,
    errors: true,
    auth: auth ?? undefined,
    resume,
    drain: true,
  });
}

/** How the server keeps a session that has lost its link. */
export interface ResumeTerms {
  /** A secret that proves on the next link that this is the same client. */
  readonly token: string;
  /** How long it is kept, in milliseconds. */
  readonly windowMs: number;
  /** The weight of unacknowledged messages that each side keeps at most. */
  readonly bufferBytes: number;
  /** Present where a session goes on: the number of the last channel data that the server has taken in. */
  readonly received: number | undefined;
}

/** What the server's `in` says of a client that is accepted. */
export interface ServerInit {
  readonly socketId: string;
  /** Whether the server reads containers and may send some; never so unless the client has announced it. */
  readonly batch: boolean;
  /** Bytes of the longest message that the server takes; infinite where it doesn't tell. */
  readonly limit: number;
  /** Set where the session outlives its link; never so without containers. */
  readonly resume: ResumeTerms | undefined;
  /** Whether the server may tell the client to leave. */
  readonly drain: boolean;
}

/** Why the server's application doesn't accept the client; `dr` follows if it need not come back. */
export interface Refusal {
  readonly refusal: ErrorBody;
}

/** Reads the data of the server's `in`; members it doesn't know are ignored. */
export function decodeServerInit(text: string): ServerInit | Refusal | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { error, socketID, batch, limit, resume, drain } = (value ?? {}) as {
    readonly socketID?: unknown;
    readonly batch?: unknown;
    readonly limit?: unknown;
    readonly resume?: Readonly<Record<keyof ResumeTerms, unknown>> | null;
    readonly drain?: unknown;
    readonly error?: Readonly<Record<keyof ErrorBody, unknown>> | null;
  };
  if (error != null) return { refusal: { ...decodeErrorBody(error), data: error.data ?? undefined } };
  if (typeof socketID !== "string" || !socketID) return undefined;
  return {
    socketId: socketID,
    batch: batch === true,
    limit: isWhole(limit, 1) ? limit : NEVER,
    resume: batch === true ? decodeTerms(resume ?? {}) : undefined,
    drain: drain === true,
  };
}

function decodeTerms({
  token,
  windowMs,
  bufferBytes,
  received,
}: Readonly<Partial<Record<keyof ResumeTerms, unknown>>>): ResumeTerms | undefined {
  const isComplete =
    typeof token === "string" &&
    /^[0-9A-Za-z]+$/.test(token) &&
    isWhole(windowMs, 1) &&
    isWhole(bufferBytes, 1);
  return isComplete
    ? { token, windowMs, bufferBytes, received: isWhole(received, 0) ? received : undefined }
    : undefined;
}

function isWhole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
