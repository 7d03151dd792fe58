import { decodeNumber, encodeFrame } from "../proto/frame.js";
import { ACK_TIME } from "../proto/limits.js";
import { Outbox, weigh } from "../session/outbox.js";
import type { ManualClock } from "./manual-clock.js";

/** How a server keeps sessions that have lost their connection. */
export interface LastingTerms {
  /** How long. */
  readonly windowMs: number;
  /** What each side keeps at most of what the other hasn't acknowledged, in bytes. */
  readonly bufferBytes: number;
}

/**
 * What of a session outlives its connections, at the server's end: what it sends waits here, and is kept until the client has
 * it, as PROTOCOL.md, part 21, has it.
 */
export class Lasting {
  readonly #clock: ManualClock;
  readonly #send: (message: string) => void;
  readonly #outbox = new Outbox();
  /** Tokens that are taken: the one that was presented last, and the one that was issued last. */
  #tokens: readonly string[] = [];
  #socketId = "";
  #terms: LastingTerms | undefined;
  /** Channel data to come that was taken in already. */
  #skip = 0;
  #untold = 0;
  #cancelAck: (() => void) | undefined;

  /** `send` puts a message on the present connection. */
  constructor(clock: ManualClock, send: (message: string) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Starts a session; without terms it ends with its connection. */
  start(socketId: string, token: string, terms: LastingTerms | undefined): void {
    this.#socketId = socketId;
    this.#terms = terms;
    this.#tokens = [token];
    this.#outbox.accept(socketId, terms && { ...terms, token, received: undefined });
  }

  /** Goes on over another connection, by which the client says so. Returns whether that can be. */
  resume(presented: string, token: string, received: number): boolean {
    if (!this.#terms || !this.#outbox.accept(this.#socketId, { ...this.#terms, token, received }))
      return false;
    this.#tokens = [presented, token];
    this.#skip = 0;
    this.rest();
    return true;
  }

  /** It has no connection. */
  rest(): void {
    this.#untold = 0;
    this.#cancelAck?.();
    this.#cancelAck = undefined;
  }

  /** Sends what waits without heeding how much of it the client has acknowledged: it is the end. */
  release(): void {
    this.#terms = undefined;
    this.#outbox.terms = undefined;
  }

  takes(token: unknown): boolean {
    return this.#tokens.includes(token as string);
  }

  /** The member `resume` of the server's `in`. */
  offer(isResumed: boolean): object | undefined {
    const received = isResumed ? this.received : undefined;
    return this.#terms && { token: this.#tokens.at(-1), received, ...this.#terms };
  }

  /** How many messages of the client have arrived. */
  get received(): number {
    return this.#outbox.received;
  }

  get isLasting(): boolean {
    return !!this.#terms;
  }

  push(message: string): void {
    this.#outbox.push({ text: message });
  }

  /** Sends what waits, as far as the client has acknowledged enough. */
  flush(): void {
    for (let text = this.#outbox.peek(); text !== undefined; text = this.#outbox.peek()) {
      this.#outbox.shift();
      this.#send(text);
    }
  }

  /** Channel data has come. Returns whether it is the first time. */
  takeIn(message: string): boolean {
    if (this.#skip > 0) {
      this.#skip--;
      return false;
    }
    this.#outbox.received++;
    if (!this.#terms) return true;
    this.#untold += weigh(message);
    if (this.#untold * 4 >= this.#terms.bufferBytes) this.#ack();
    else this.#cancelAck ??= this.#clock.after(ACK_TIME, () => this.#ack());
    return true;
  }

  /** Returns whether the number that the client has acknowledged can be. */
  acknowledged(number: string): boolean {
    return this.#outbox.ack(decodeNumber(number));
  }

  /** What comes next has this number. Returns whether nothing is missing; undefined if it is none. */
  numbered(text: string): boolean | undefined {
    const number = decodeNumber(text);
    if (number === undefined) return undefined;
    this.#skip = this.received + 1 - number;
    return this.#skip >= 0;
  }

  #ack(): void {
    this.rest();
    this.#send(encodeFrame("ack", `${this.received}`));
  }
}
