import { decodeBatch, encodeBatch } from "../proto/batch.js";
import { DATA, decodeFrame, decodeNumber, encodeFrame } from "../proto/frame.js";
import { decodeServerInit, type Refusal, type ServerInit } from "../proto/init.js";
import {
  ACK_TIME,
  BATCH_OVERHEAD,
  MAX_BATCH_MESSAGES,
  MAX_BATCH_TEXT,
  MAX_CREDIT,
  MAX_FAULTS,
  NEVER,
  NUMBER_OVERHEAD,
} from "../proto/limits.js";
import { decodePair, type Pair } from "../proto/pair.js";
import { KeepAlive, type KeepAliveTimes } from "./keepalive.js";
import { type Outbox, weigh } from "./outbox.js";

/** The times a session keeps, in milliseconds. */
export interface SessionTimes extends KeepAliveTimes {
  /** From the start to the server's answer to `in`. */
  readonly connectTimeout: number;
}

/** Why a session ended from inside. */
export type SessionEnd =
  | "connect_timeout"
  | "timeout"
  | "closed"
  | "bad_init"
  | "bad_ack"
  | "too_many_faults";

/** What the socket is told. After `ended` nothing follows. */
export type SessionEvent =
  | { readonly kind: "open"; readonly socketId: string; readonly isResumed: boolean }
  | { readonly kind: "data"; readonly name: string; readonly data: string }
  | { readonly kind: "dont_reconnect" }
  /** The server wants to be left within this time, in milliseconds. */
  | { readonly kind: "drain"; readonly ms: number }
  | ({ readonly kind: "refused" } & Refusal)
  | { readonly kind: "ended"; readonly reason: SessionEnd };

/**
 * The protocol of one connection, in the client's role: without I/O, and the time is a parameter.
 * Texts and the passing of time go in, texts to send and events come out. What the socket sends is taken from
 * its outbox, which also knows what of the session outlives the connection.
 */
export class Session {
  readonly #outbox: Outbox;
  /** Whether a name is one of an open channel; decides how the length of a name beyond ASCII is read. */
  readonly #isChannel: (name: string) => boolean;
  readonly #keepAlive: KeepAlive;
  #connectDeadline: number;
  #state: "opening" | "open" | "ended" = "opening";
  /** They go ahead of all data [K-5]. */
  #control: string[] = [];
  #events: SessionEvent[] = [];
  #faults = 0;
  /** What the server has agreed on. */
  #init: ServerInit | undefined;
  /** Whether channel data is sent behind its number, as what carries it may come twice [U-8]. */
  #isNumbered = false;
  /** The weight of what was taken in since the server was told, and when it is told at the latest [U-3]. */
  #untold = 0;
  #ackDeadline = NEVER;
  /** Goes ahead of all else [U-7]. */
  #ack: string | undefined;

  constructor(times: SessionTimes, outbox: Outbox, isChannel: (name: string) => boolean, now: number) {
    this.#outbox = outbox;
    this.#isChannel = isChannel;
    this.#keepAlive = new KeepAlive(times);
    this.#connectDeadline = now + times.connectTimeout;
  }

  /** The transport can send; `init` is what the client says of itself. Where a text may arrive twice, it `repeats`. */
  handleOpen(init: string, now: number, repeats = false): void {
    this.#isNumbered = repeats;
    this.#keepAlive.handleText(now);
    this.#control.push(encodeFrame("init", init));
  }

  handleText(text: string, now: number): void {
    this.#keepAlive.handleText(now);
    this.#handle(text, now);
  }

  /** `stalled` tells whether nothing that was sent has left since it told last. */
  handleTimeout(now: number, stalled: () => boolean): void {
    if (now >= this.#connectDeadline) this.#end("connect_timeout");
    if (this.#state === "ended") return;
    if (now >= this.#ackDeadline) this.#acknowledge();
    const verdict = this.#keepAlive.handleTimeout(now, stalled);
    if (verdict === "ping") this.#control.push(encodeFrame("ping"));
    else if (verdict) this.#end("timeout");
  }

  /** Ends it behind what is queued; `cl` is the last text, if there is anybody to say it to. */
  close(): void {
    if (this.#state === "open") this.#outbox.close();
    // The server may be going on with it at this moment [U-10].
    else if (this.#outbox.terms) this.#control.push(encodeFrame("close"));
  }

  /** The next text to send; all that waits in one, as far as that is agreed on and fits. */
  pollText(): string | undefined {
    const { limit } = this.#outbox;
    const texts: string[] = [];
    // Three bytes are the most that a unit of UTF-16 takes.
    let left = this.#init?.batch ? Math.min(MAX_BATCH_TEXT, limit / 3) : 0;
    if (this.#init?.resume) left -= NUMBER_OVERHEAD;
    if (this.#ack) texts.push(this.#ack);
    this.#ack = undefined;
    let isNumbered = this.#isNumbered && !!this.#init?.resume;
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      left -= next.length + BATCH_OVERHEAD;
      if (texts.length && (left < 0 || texts.length + Number(isNumbered) >= MAX_BATCH_MESSAGES)) break;
      if (isNumbered && next.startsWith(DATA)) {
        isNumbered = false;
        texts.push(encodeFrame("number", `${this.#outbox.number}`));
      }
      texts.push(next);
      if (this.#control.length) this.#control.shift();
      else this.#outbox.shift();
    }
    return texts.length > 1 ? encodeFrame("batch", encodeBatch(texts)) : texts[0];
  }

  pollEvent(): SessionEvent | undefined {
    return this.#events.shift();
  }

  /** When {@link handleTimeout} wants to be called. */
  pollTimeout(): number {
    if (this.#state === "ended") return NEVER;
    return Math.min(this.#connectDeadline, this.#keepAlive.deadline, this.#ackDeadline);
  }

  /** Whether the server reads containers. */
  get batch(): boolean {
    return !!this.#init?.batch;
  }

  #peek(): string | undefined {
    return this.#control[0] ?? (this.#state === "open" ? this.#outbox.peek() : undefined);
  }

  #handle(text: string, now: number): void {
    if (this.#state === "ended") return;
    const outbox = this.#outbox;
    const { kind, data = "" } = decodeFrame(text) ?? {};
    switch (kind) {
      case "channel_data":
        if (this.#init?.resume) this.#takeIn(text, now);
        this.#handleData(data);
        break;
      case "ack":
        if (!this.#init?.resume) this.#fault();
        else if (!outbox.ack(decodeNumber(data))) this.#finish("bad_ack");
        break;
      case "drain": {
        const ms = this.#init?.drain ? decodeNumber(data, MAX_CREDIT) : undefined;
        if (ms === undefined) this.#fault();
        else this.#events.push({ kind, ms });
        break;
      }
      case "ping":
        this.#control.push(encodeFrame("pong"));
        break;
      case "init":
        this.#handleInit(data);
        break;
      case "dont_reconnect":
        this.#events.push({ kind });
        break;
      case "batch": {
        const texts = this.#init?.batch && decodeBatch(data);
        if (!texts) this.#garbled();
        else for (const inner of texts) this.#handle(inner, now);
        break;
      }
      case "close":
        if (this.#init?.resume) this.#finish("closed");
        // It announces a close that follows anyway.
        else this.#fault();
        break;
      default:
        // `iv` answers something we don't send.
        if (kind) this.#fault();
        else this.#garbled();
    }
  }

  /** What is on the way may have cut off data that has a number; another link brings it whole [U-8]. */
  #garbled(): void {
    if (this.#isNumbered && this.#init?.resume) this.#end("too_many_faults");
    else this.#fault();
  }

  /** Counts channel data, whatever is in it, and sees to it that the server gets to know. */
  #takeIn(text: string, now: number): void {
    const outbox = this.#outbox;
    outbox.received++;
    this.#untold += weigh(text);
    this.#ackDeadline = Math.min(this.#ackDeadline, now + ACK_TIME);
    if (this.#untold * 4 >= (outbox.terms?.bufferBytes as number)) this.#acknowledge();
  }

  #acknowledge(): void {
    this.#ack = encodeFrame("ack", `${this.#outbox.received}`);
    this.#untold = 0;
    this.#ackDeadline = NEVER;
  }

  #handleInit(data: string): void {
    if (this.#state !== "opening") {
      this.#fault();
      return;
    }
    const init = decodeServerInit(data);
    if (!init) {
      this.#end("bad_init");
    } else if ("refusal" in init) {
      this.#events.push({ kind: "refused", ...init });
    } else {
      const { socketId } = init;
      const outbox = this.#outbox;
      const isResumed = outbox.accept(socketId, init.resume);
      if (isResumed === undefined) {
        this.#end("bad_init");
        return;
      }
      outbox.limit = init.limit;
      this.#init = init;
      this.#state = "open";
      this.#connectDeadline = NEVER;
      this.#events.push({ kind: "open", socketId, isResumed });
    }
  }

  #handleData(data: string): void {
    const pair = this.#state === "open" ? this.#readPair(data) : undefined;
    if (!pair) this.#fault();
    else if (this.#isChannel(pair.name)) this.#events.push({ kind: "data", ...pair });
    // A server may speak on channels that this page doesn't open: no fault.
  }

  /** Bytes first; where they name no channel, the units in which the original's script writes the length. */
  #readPair(data: string): Pair | undefined {
    let readable: Pair | undefined;
    for (const utf16 of [false, true]) {
      const pair = decodePair(data, utf16);
      if (!pair) continue;
      if (this.#isChannel(pair.name)) return pair;
      readable ??= pair;
    }
    return readable;
  }

  #fault(): void {
    if (++this.#faults > MAX_FAULTS) this.#finish("too_many_faults");
  }

  /** Ends what could go on over another link. */
  #finish(reason: SessionEnd): void {
    this.#outbox.terms = undefined;
    this.#end(reason);
  }

  #end(reason: SessionEnd): void {
    this.#state = "ended";
    this.#events.push({ kind: "ended", reason });
  }
}
