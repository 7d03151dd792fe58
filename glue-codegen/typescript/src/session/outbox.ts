import { MAX_BUFFERED_TEXT } from "../proto/limits.js";

/** Channel data that waits for a session. */
export interface Waiting {
  readonly name: string;
  readonly data: string;
  /** Called with the data if it is thrown away. */
  readonly discarded: ((data: string) => void) | undefined;
}

/**
 * The send buffer of a socket: it outlives the session, so that what is sent while there is none goes out,
 * in order, in the next. Numbering and replaying for resumed sessions belong here as well.
 */
export class Outbox {
  #waiting: Waiting[] = [];
  #size = 0;

  /** Returns false, and takes nothing, when the buffer is full. An empty one takes anything. */
  push(waiting: Waiting): boolean {
    const size = this.#size + waiting.data.length;
    if (this.#waiting.length && size > MAX_BUFFERED_TEXT) return false;
    this.#size = size;
    this.#waiting.push(waiting);
    return true;
  }

  /** Takes everything out, oldest first. */
  drain(): readonly Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#size = 0;
    return waiting;
  }

  get length(): number {
    return this.#waiting.length;
  }
}
