import type { ManualClock } from "./manual-clock.js";

/** A channel as the server sees it. */
export class PeerChannel {
  readonly name: string;
  readonly #send: (data: string) => void;
  readonly #clock: ManualClock;
  #unread: string[] = [];
  #listener: ((data: string) => void) | undefined;

  /** @internal */
  constructor(name: string, send: (data: string) => void, clock: ManualClock) {
    this.name = name;
    this.#send = send;
    this.#clock = clock;
  }

  /** Sends `data` to the client. */
  send(data: string): void {
    this.#send(data);
  }

  /** Sets the one listener for what the client sends, and gives it what nobody has read so far. */
  onMessage(listener: (data: string) => void): void {
    this.#listener = listener;
    for (const data of this.take()) listener(data);
  }

  /**
   * The next text of the client that nobody has read. Virtual time passes until it comes.
   *
   * @throws Error if it doesn't within `withinMs` milliseconds, by default a minute.
   */
  async receive(withinMs?: number): Promise<string> {
    await this.#clock.until(() => this.#unread.length > 0, `data on channel ${this.name}`, withinMs);
    return this.#unread.shift() as string;
  }

  /** All that the client has sent and nobody has read, without waiting. */
  take(): string[] {
    return this.#unread.splice(0);
  }

  /** @internal */
  deliver(data: string): void {
    if (this.#listener) this.#listener(data);
    else this.#unread.push(data);
  }
}
