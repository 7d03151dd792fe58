import { MAX_BUFFERED_TEXT } from "../proto/limits.js";

/** A text that waits to be sent. */
export interface Waiting {
  /** As it goes over the wire. */
  readonly text: string;
  /** Called if it is thrown away. */
  readonly discarded?: (() => void) | undefined;
  /** It means something in the present session only. */
  readonly ephemeral?: boolean | undefined;
}

/**
 * The one queue of a socket: it outlives the session, so that what is sent while there is none, or what the
 * transport has not taken when it broke, goes out in order in the next. Numbering and replaying for resumed
 * sessions belong here as well.
 */
export class Outbox {
  #waiting: Waiting[] = [];
  /** What was taken from the front; an array that is shifted is copied each time. */
  #taken = 0;
  #size = 0;

  /** Returns false, and takes nothing, when the queue is full; `unsent` counts with it. An empty one takes anything. */
  push(waiting: Waiting, unsent = 0): boolean {
    const size = this.#size + waiting.text.length;
    if (this.#size + unsent && size + unsent > MAX_BUFFERED_TEXT) return false;
    this.#size = size;
    this.#waiting.push(waiting);
    return true;
  }

  /** The oldest text. */
  peek(): string | undefined {
    return this.#waiting[this.#taken]?.text;
  }

  /** Takes the oldest text out. */
  shift(): void {
    this.#size -= this.peek()?.length ?? 0;
    this.#taken++;
    // In steps, as what is taken from the front of an array moves all the rest.
    if (this.#taken < 1_000 && this.length) return;
    this.#waiting.splice(0, this.#taken);
    this.#taken = 0;
  }

  /** Takes out what `matches`, oldest first. */
  remove(matches: (waiting: Waiting) => boolean): readonly Waiting[] {
    const removed: Waiting[] = [];
    const kept: Waiting[] = [];
    for (const waiting of this.#waiting.slice(this.#taken)) (matches(waiting) ? removed : kept).push(waiting);
    this.#waiting = kept;
    this.#taken = 0;
    for (const { text } of removed) this.#size -= text.length;
    return removed;
  }

  get length(): number {
    return this.#waiting.length - this.#taken;
  }
}
