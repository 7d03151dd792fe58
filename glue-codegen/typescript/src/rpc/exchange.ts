/** The kinds of envelopes that carry an exchange on. */
export type AnswerKind = "ok" | "item" | "end";

/** A call, a stream or a notification of the client, seen by what sends and routes. */
export interface Exchange {
  readonly method: string;
  /** The arguments' JSON. */
  args: string;
  /** What a stream is granted with its request. */
  readonly credit?: number;
  /** Its place among all that were begun. */
  order?: number;
  /** Its number in the session in which it was sent last, so that nobody knows whether the server has run it. */
  id?: number | undefined;
  /**
   * Takes an answer of `size` characters; returns whether it was the last. Throws on one that can't be. Without it,
   * it is a notification.
   */
  take?(kind: AnswerKind, value: unknown, size: number): boolean;
  /** Ends it with an error, at once or behind what was taken. Does nothing once it has ended. */
  fail(error: unknown, atOnce?: boolean): void;
  /** Its session has ended: makes it ready to be sent again, and lets it wait; without it, it ends with that. */
  again?(waiting: Set<Exchange>): Set<Exchange>;
  /** Called at its end. */
  end?: (() => void) | undefined;
  /** When it times out, by the clock. */
  deadline?: number | undefined;
  /** Its `traceparent`. */
  trace?: string | undefined;
  /** Whether anything of it has come from the server, so that its request has left. */
  heard?: boolean | undefined;
  /** What sends items of ours. */
  source?: Source | undefined;
}

/** What sends the items of a call that takes such. */
export interface Source {
  /** Allows for more items; without a number, no more are wanted. Returns whether that makes sense. */
  grant(items: number | undefined): boolean;
  /** Nothing is sent any more. */
  stop(): void;
}
