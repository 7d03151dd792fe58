import type { Clock } from "../clock.js";
import { encodeBatch } from "../proto/batch.js";
import { encodeFrame } from "../proto/frame.js";
import { MAX_BATCH_MESSAGES } from "../proto/limits.js";
import { type HttpAnswer, refusal } from "./http.js";
import { Link, type LinkSettings } from "./link.js";

/** How long a poll waits for a message, and how long a client may go without one, in milliseconds. */
const POLL_TIME = 35_000;
const ABSENCE = 10_000;
/** A container is filled up to this. */
const MAX_CONTAINER = 64 * 1024;

/** A poll that waits. */
interface Poll {
  readonly answer: (answer: HttpAnswer) => void;
  readonly cancelTimer: () => void;
}

/** The server's side of one session of the Ajax transport. */
export class AjaxLink extends Link {
  readonly type = "AjaxSocket";
  readonly uid: string;
  readonly #clock: Clock;
  readonly #nextToken: () => string;
  /** Breaks the requests that are under way. */
  readonly #breakRequests: (link: AjaxLink) => void;
  /** Each with whether it may share a container. */
  #queue: { readonly message: string; readonly joins: boolean }[] = [];
  #token: string;
  /** What the last poll was answered, until the next confirms it. */
  #last: { readonly token: string; readonly body: string } | undefined;
  #poll: Poll | undefined;
  #cancelAbsence: () => void = () => {};
  #isClosing = false;

  constructor(
    uid: string,
    clock: Clock,
    nextToken: () => string,
    breakRequests: (link: AjaxLink) => void,
    settings: LinkSettings,
  ) {
    super(settings);
    this.uid = uid;
    this.#clock = clock;
    this.#nextToken = nextToken;
    this.#breakRequests = breakRequests;
    this.#token = nextToken();
    this.#watch();
  }

  /** The token of the next poll. */
  get token(): string {
    return this.#token;
  }

  /** Whether the client has been told of the end, or can't be any more. */
  get isGone(): boolean {
    return !this.isOpen && !this.#isClosing;
  }

  /** A poll has arrived. */
  poll(token: string, signal: AbortSignal): HttpAnswer | Promise<HttpAnswer> {
    if (token === this.#last?.token) return answer(this.#last.body);
    if (token !== this.#token) return BAD_REQUEST;
    this.#last = undefined;
    this.#unpark(BAD_REQUEST);
    this.#cancelAbsence();
    return new Promise((resolve) => {
      const cancelTimer = this.#clock.after(POLL_TIME, () => this.#unpark(answer("t")));
      const poll = { answer: resolve, cancelTimer };
      this.#poll = poll;
      signal.addEventListener("abort", () => {
        if (this.#poll === poll) this.#unpark(BAD_REQUEST);
      });
      this.#flush();
    });
  }

  /** A push has arrived. */
  push(message: string): HttpAnswer {
    if (!this.isOpen) return BAD_REQUEST;
    return this.receive(message) ? { status: 200, body: "" } : refusal(413, "Payload Too Large");
  }

  protected override transmit(message: string | ArrayBuffer): void {
    if (typeof message !== "string") throw new TypeError("the Ajax transport has no binary messages");
    this.#queue.push({ message, joins: this.batch });
    this.#flush();
  }

  protected override finish(): void {
    this.#isClosing = true;
    this.#flush();
  }

  protected override breakOff(): void {
    this.#isClosing = false;
    this.#cancelAbsence();
    this.#poll?.cancelTimer();
    this.#poll = undefined;
    this.#breakRequests(this);
  }

  #flush(): void {
    if (!this.#poll) return;
    const [first, ...rest] = this.#queue;
    if (first) {
      const messages = [first.message];
      let size = first.message.length;
      for (const { message, joins } of first.joins ? rest : []) {
        size += message.length;
        if (!joins || size > MAX_CONTAINER || messages.length === MAX_BATCH_MESSAGES) break;
        messages.push(message);
      }
      this.#queue.splice(0, messages.length);
      const message = messages.length > 1 ? encodeFrame("batch", encodeBatch(messages)) : first.message;
      const next = this.#nextToken();
      this.#last = { token: this.#token, body: `${next}&${message}` };
      this.#token = next;
      this.#unpark(answer(this.#last.body));
    } else if (this.#isClosing) {
      this.#isClosing = false;
      this.#unpark(answer("c"));
      this.#cancelAbsence();
    }
  }

  /** Answers the poll that waits, if there is one. */
  #unpark(answer: HttpAnswer): void {
    const poll = this.#poll;
    if (!poll) return;
    this.#poll = undefined;
    poll.cancelTimer();
    poll.answer(answer);
    this.#watch();
  }

  /** Ends the session unless a poll comes. */
  #watch(): void {
    this.#cancelAbsence();
    this.#cancelAbsence = this.#clock.after(ABSENCE, () => {
      this.#isClosing = false;
      this.end("lost");
    });
  }
}

const BAD_REQUEST = refusal(400, "Bad Request");

function answer(body: string): HttpAnswer {
  return { status: 200, body };
}
