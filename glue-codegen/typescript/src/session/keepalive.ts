import { NEVER } from "../proto/limits.js";

/** What to do when a deadline has passed. */
export type KeepAliveVerdict = "ping" | "dead" | undefined;

/** How long the server may be silent, and then how long it may take to answer, in milliseconds. */
export interface KeepAliveTimes {
  readonly pingInterval: number;
  readonly pingReconnectTimeout: number;
}

/**
 * Decides when to ask a silent server for a sign of life, and when to give it up. Any text counts as one. Our
 * question waits behind what was sent before, so while that gets less the server is not given up [K-2].
 */
export class KeepAlive {
  readonly #times: KeepAliveTimes;
  /** None before {@link handleText}. */
  #deadline = NEVER;
  #asked = false;

  constructor(times: KeepAliveTimes) {
    this.#times = times;
  }

  handleText(now: number): void {
    this.#asked = false;
    this.#deadline = now + this.#times.pingInterval;
  }

  /** `stalled` tells, when it is time, whether nothing has moved since it told last. */
  handleTimeout(now: number, stalled: () => boolean): KeepAliveVerdict {
    if (now < this.#deadline) return undefined;
    const asked = this.#asked;
    if (stalled() && asked) return "dead";
    this.#asked = true;
    this.#deadline = now + this.#times.pingReconnectTimeout;
    return asked ? undefined : "ping";
  }

  get deadline(): number {
    return this.#deadline;
  }
}
