/** How often and how soon a lost connection is tried again. */
export interface BackoffOptions {
  readonly reconnectDelay: number;
  readonly reconnectDelayMax: number;
  /** 0 for endless. */
  readonly reconnectAttempts: number;
  /** Gives numbers from 0 to 1. */
  readonly random: () => number;
}

/** The delays before the attempts of one outage. */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /**
   * The delay before the next attempt in milliseconds, or undefined to give up. It is drawn from the upper
   * half of the growing limit: clients that lost a server together must not come back together, and yet a
   * server that restarts must find the time for it before they give up.
   */
  next(): number | undefined {
    const { reconnectDelay, reconnectDelayMax, reconnectAttempts, random } = this.#options;
    if (reconnectAttempts && this.#attempts >= reconnectAttempts) return undefined;
    this.#attempts++;
    const limit = Math.min(reconnectDelay * this.#attempts, Math.max(reconnectDelay, reconnectDelayMax));
    return limit * (0.5 + 0.5 * random());
  }

  /** A session was accepted: the outage is over. */
  reset(): void {
    this.#attempts = 0;
  }
}
