import type { Code } from "../proto/code.js";
import type { SocketType } from "../transport/transport.js";

/** What a client wants when it connects. */
export interface ConnectRequest {
  readonly type: SocketType;
  readonly url: string;
  /** The client's option `auth`; undefined if it has none. */
  readonly auth: unknown;
}

/** Why a client is refused, as it gets to know it. */
export interface Refusal {
  /** Typically `unauthenticated`, `permission_denied`, `resource_exhausted` or `unavailable`. */
  readonly code: Code;
  readonly message: string;
  readonly data?: unknown;
  /** Whether coming back is pointless: then the client is told not to. */
  readonly isFinal?: boolean;
}

/** Decides on a client: it is refused if something is returned. */
export type Authorize = (request: ConnectRequest) => Refusal | undefined | Promise<Refusal | undefined>;

/** What a client's `in` says. */
export interface ClientInit {
  readonly version?: unknown;
  readonly batch?: unknown;
  readonly errors?: unknown;
  readonly auth?: unknown;
  readonly resume?: unknown;
  readonly drain?: unknown;
}
