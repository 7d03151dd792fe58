import { decodeErrorBody, type ErrorBody } from "./code.js";
import { NEVER } from "./limits.js";

/** The version of the protocol. Original servers refuse a higher one. */
export const VERSION = "1.9.1";

/** Writes the data of the client's `in`, which announces that containers and refusals are read. */
export function encodeClientInit(auth?: unknown): string {
  return JSON.stringify({ version: VERSION, batch: true, errors: true, auth: auth ?? undefined });
}

/** What the server's `in` says of a client that is accepted. */
export interface ServerInit {
  readonly socketId: string;
  /** Whether the server reads containers and may send some; never so unless the client has announced it. */
  readonly batch: boolean;
  /** Bytes of the longest message that the server takes; infinite where it doesn't tell. */
  readonly limit: number;
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
  const {
    error,
    socketID,
    batch,
    limit = 0,
  } = (value ?? {}) as {
    readonly socketID?: unknown;
    readonly batch?: unknown;
    readonly limit?: number;
    readonly error?: Readonly<Record<keyof ErrorBody, unknown>> | null;
  };
  if (error != null) return { refusal: { ...decodeErrorBody(error), data: error.data ?? undefined } };
  if (typeof socketID !== "string" || !socketID) return undefined;
  return {
    socketId: socketID,
    batch: batch === true,
    limit: limit > 0 && Number.isSafeInteger(limit) ? limit : NEVER,
  };
}
