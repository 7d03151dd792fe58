/** What to do when a deadline has passed. */
export type KeepAliveVerdict = "ping" | "dead" | undefined;

/**
 * Decides when to ask a silent server for a sign of life, and when to give it up. Any text counts as one. Our
 * question waits behind what was sent before, so while that gets less the server is not given up [K-2].
 */
export class KeepAlive {
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  #deadline: number;
  #asked = false;

  constructor(intervalMs: number, timeoutMs: number, now: number) {
    this.#intervalMs = intervalMs;
    this.#timeoutMs = timeoutMs;
    this.#deadline = now + intervalMs;
  }

  handleText(now: number): void {
    this.#asked = false;
    this.#deadline = now + this.#intervalMs;
  }

  /** `stalled` tells, when it is time, whether nothing has moved since it told last. */
  handleTimeout(now: number, stalled: () => boolean): KeepAliveVerdict {
    if (now < this.#deadline) return undefined;
    const asked = this.#asked;
    if (stalled() && asked) return "dead";
    this.#asked = true;
    this.#deadline = now + this.#timeoutMs;
    return asked ? undefined : "ping";
  }

  get deadline(): number {
    return this.#deadline;
  }
}
