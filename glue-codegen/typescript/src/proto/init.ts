import type { Malformed } from "./malformed.js";

/** The version of the protocol. Original servers refuse a higher one. */
export const VERSION = "1.9.1";

/** Writes the data of the client's `in`. */
export function encodeClientInit(): string {
  return JSON.stringify({ version: VERSION });
}

/** What the server's `in` says. */
export interface ServerInit {
  readonly socketId: string;
  /** Whether the server reads containers and may send some; never so unless the client has announced it. */
  readonly batch: boolean;
}

/** Reads the data of the server's `in`; members it doesn't know are ignored. */
export function decodeServerInit(
  text: string,
): ServerInit | Malformed<"not_json" | "not_an_object" | "no_socket_id"> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: "not_json" };
  }
  if (typeof value !== "object" || Array.isArray(value)) return { error: "not_an_object" };
  const init = value as { readonly socketID?: unknown; readonly batch?: unknown } | null;
  const socketId = init?.socketID;
  if (typeof socketId !== "string" || !socketId) return { error: "no_socket_id" };
  return { socketId, batch: init?.batch === true };
}
