import type { Clock } from "../clock.js";
import type { GlueError } from "../errors.js";

/** The part of a channel that typed calls need. */
export interface RpcChannel {
  /**
   * -1 where it was thrown away. Our own keeps what is ephemeral for no other session, and calls `discarded` then; it
   * sends what is `"ahead"` before anything that still waits.
   */
  send(data: string, discarded?: () => void, ephemeral?: boolean | "ahead"): unknown;
  onMessage(listener: (data: string) => void): unknown;
}

/** At each of these the session may have changed. */
export const EVENTS = [
  "connecting",
  "reconnecting",
  "connected",
  "disconnected",
  "error",
  "timeout",
] as const;

/** The part of a socket that typed calls need: ours has it, and so has that of the original client. */
export interface RpcSocket {
  channel(name: string): RpcChannel;
  on(event: (typeof EVENTS)[number], listener: (argument?: unknown) => void): unknown;
  /** Empty without a session, and another one in each. */
  socketID(): string;
  type(): string;
  /** Whether no connection will come any more; where it is missing, the event `disconnected` says so. */
  isClosed?(): boolean;
  /** Whether the session is about to end, so that what is begun waits for the next. */
  isLeaving?(): boolean;
  /** By which time-outs are kept; that of the platform where it is missing. */
  readonly clock?: Clock;
}

/** Options of every call. */
export interface CallOptions {
  /** Cancels the call: its promise or iterator fails with `cancelled`, and the server is told to stop. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds that the call may take from now on, the wait for a connection included, or a whole stream from its
   * first item asked for; then it fails with `deadline_exceeded`, and the server stops as well. More than 0; what is
   * beyond 2^31-1 counts as that, and `Infinity` is no limit. Default that of the channel.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * The trace that the call belongs to, as W3C's `traceparent`; the server takes one that is malformed for none [E-13].
   * Default that of the channel.
   */
  readonly traceparent?: string | undefined;
}

/** Options of a channel, for all calls that are made through the object they are given to. */
export interface ChannelOptions {
  /** See {@link CallOptions.timeoutMs}. Default none. */
  readonly timeoutMs?: number | undefined;
  /** Asked at each call and notification for its {@link CallOptions.traceparent}. */
  readonly traceparent?: (() => string | undefined) | undefined;
  /** What stands between the application and its calls; {@link interceptors} makes one of several. */
  readonly intercept?: Interceptor | undefined;
}

/** What the generated code knows of its channel. */
export interface RpcContract {
  /** Hash of the channel's description, for the greeting. */
  readonly schema?: string | undefined;
  /** Tells which of its methods have changed; see {@link staleCheck}. */
  readonly stale?: StaleCheck | undefined;
}

/** The error to fail a call of `method` with, given what the server has said of its methods, if that has changed. */
export type StaleCheck = (method: string, theirs: unknown) => GlueError | undefined;

/** Items that a method takes. */
export type Items<T> = AsyncIterable<T> | Iterable<T>;

/** What {@link Interceptor}s are asked about, by what it gives. */
export interface InterceptedResults {
  /** A method that is answered once. */
  readonly call: Promise<unknown>;
  readonly notification: undefined;
  /** A method that answers with items. Each iteration is a call of its own. */
  readonly stream: AsyncIterable<unknown>;
}

/** A call on its way through the interceptors. */
export interface Intercepted<Kind extends keyof InterceptedResults> {
  readonly channel: string;
  /** As on the wire. */
  readonly method: string;
  readonly kind: Kind;
  /** By name. */
  readonly args: object;
  /** What the application gave; the channel's defaults come later. A notification has only a `traceparent`. */
  readonly options: CallOptions;
  /** The items that go to the server, for a method that takes such. Mostly they can be read only once. */
  readonly items?: Items<unknown> | undefined;
}

/** One of the three kinds of {@link Intercepted}: `kind` tells which. */
export type InterceptedCall = {
  readonly [Kind in keyof InterceptedResults]: Intercepted<Kind>;
}[keyof InterceptedResults];

/** Goes on with a call as it is given; may be called again, for another attempt. Name and kind stay what they were. */
export interface Next {
  (call: Intercepted<"call">): Promise<unknown>;
  (call: Intercepted<"notification">): undefined;
  (call: Intercepted<"stream">): AsyncIterable<unknown>;
  (call: InterceptedCall): unknown;
}

/**
 * Stands between the application and its calls. It returns what `next` returns for that kind of call, or something
 * in its place.
 */
export type Interceptor = (call: InterceptedCall, next: Next) => unknown;
