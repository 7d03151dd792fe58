/** What to do when a deadline has passed. */
export type KeepAliveVerdict = "ping" | "dead" | undefined;

/** Decides when to ask a silent server for a sign of life, and when to give it up. Any text counts as one. */
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

  handleTimeout(now: number): KeepAliveVerdict {
    if (now < this.#deadline) return undefined;
    if (this.#asked) return "dead";
    this.#asked = true;
    this.#deadline = now + this.#timeoutMs;
    return "ping";
  }

  get deadline(): number {
    return this.#deadline;
  }
}
