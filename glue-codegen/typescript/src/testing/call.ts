import { GlueError } from "../errors.js";
import { type EnvelopeParams, encodeEnvelope } from "../proto/envelope.js";
import { FIRST_CREDIT } from "../proto/limits.js";

/** A call or stream of the client, to be answered. A notification is one that wants no answer. */
export class Call {
  readonly method: string;
  /** The arguments by name. */
  readonly args: unknown;
  readonly isNotification: boolean;
  /** The milliseconds that the client waits, if it has said so. The test plays the server's part in that. */
  readonly timeoutMs: number | undefined;
  /** The client's trace. */
  readonly traceparent: string | undefined;
  readonly #id: number;
  readonly #send: (data: string) => void;
  readonly #controller = new AbortController();
  #credit: number;
  #onCredit: () => void = () => {};
  #ended: boolean;
  readonly #isStream: boolean;
  /** Items of the client that nobody has taken. */
  readonly #items: unknown[] = [];
  #isComplete = false;
  #onItem: () => void = () => {};

  /** @internal */
  constructor(
    request: {
      readonly id: number | undefined;
      readonly method: string;
      readonly args: unknown;
      readonly params: EnvelopeParams;
    },
    send: (data: string) => void,
  ) {
    this.method = request.method;
    this.args = request.args;
    this.isNotification = request.id === undefined;
    this.#id = request.id ?? 0;
    this.#credit = request.params.credit ?? 0;
    this.#isStream = request.params.credit !== undefined;
    this.timeoutMs = request.params.timeout;
    this.traceparent = request.params.trace;
    this.#send = send;
    this.#ended = this.isNotification;
  }

  /** Aborted when the client has cancelled it, or when the session has ended. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the client waits for one answer. @internal */
  get isPending(): boolean {
    return !this.#ended && !this.#isStream;
  }

  /** Items of a stream that the client still has room for. */
  get credit(): number {
    return this.#credit;
  }

  /** What the client has sent of its items and nobody has taken, oldest first. */
  get received(): readonly unknown[] {
    return this.#items;
  }

  /** Whether the client's items have come to their end. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Lets the client send so many items more. {@link items} does that by itself. */
  allow(items: number): void {
    if (!this.#ended) this.#send(encodeEnvelope({ kind: "credit", id: this.#id, credit: items }));
  }

  /** Tells the client that no more of its items are wanted; it still waits for the answer. */
  stopItems(): void {
    if (!this.#ended) this.#send(encodeEnvelope({ kind: "cancel", id: this.#id }));
  }

  /** The client's items, for methods that take some: eight may come at first, then another for each that is taken. */
  async *items(): AsyncGenerator<unknown, void> {
    this.allow(FIRST_CREDIT);
    try {
      for (;;) {
        while (!this.#items.length && !this.#isComplete && !this.signal.aborted) {
          await new Promise<void>((resolve) => {
            this.#onItem = resolve;
          });
        }
        if (!this.#items.length) return;
        const item = this.#items.shift();
        this.allow(1);
        yield item;
      }
    } finally {
      if (!this.#isComplete) this.stopItems();
    }
  }

  /** Answers it with a value. */
  respond(value: unknown = null): void {
    this.#finish(() => encodeEnvelope({ kind: "ok", id: this.#id, body: json(value) }));
  }

  /** Answers it with an error: that of a {@link GlueError} is the client's too, any other is `internal` to it. */
  fail(error: unknown): void {
    const { code, message, data } = GlueError.from(error);
    this.#finish(() => encodeEnvelope({ kind: "error", id: this.#id, body: json({ code, message, data }) }));
  }

  /** Sends an item of a stream. It is the test's to heed {@link credit}. */
  item(value: unknown): void {
    if (this.#ended) return;
    this.#credit--;
    this.#send(encodeEnvelope({ kind: "item", id: this.#id, body: json(value) }));
  }

  /** Ends a stream. */
  end(): void {
    this.#finish(() => encodeEnvelope({ kind: "end", id: this.#id }));
  }

  /** Answers it with what a handler returns: a value, a promise of one, or a generator of a stream's items. @internal */
  async answer(run: () => unknown): Promise<void> {
    try {
      const result = run();
      if (isGenerator(result)) await this.#stream(result);
      else this.respond(await result);
    } catch (error) {
      this.fail(error);
    }
  }

  /** @internal */
  grant(credit: number): void {
    this.#credit += credit;
    this.#onCredit();
  }

  /** @internal */
  receive(item: unknown): void {
    this.#items.push(item);
    this.#onItem();
  }

  /** @internal */
  complete(): void {
    this.#isComplete = true;
    this.#onItem();
  }

  /** @internal */
  cancel(): void {
    this.#ended = true;
    this.#controller.abort();
    this.#onCredit();
    this.#onItem();
  }

  /** Asks for an item only when there is credit for it [S-1]. */
  async #stream(items: AsyncGenerator<unknown> | Generator<unknown>): Promise<void> {
    for (;;) {
      while (!this.#credit && !this.#ended) {
        await new Promise<void>((resolve) => {
          this.#onCredit = resolve;
        });
      }
      const next = this.#ended ? await items.return(undefined) : await items.next();
      if (next.done) break;
      this.item(next.value);
    }
    this.end();
  }

  #finish(encode: () => string): void {
    if (this.#ended) return;
    const text = encode();
    this.#ended = true;
    this.#send(text);
  }
}

function json(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

/** Generators only: arrays are values. */
function isGenerator(value: unknown): value is AsyncGenerator<unknown> | Generator<unknown> {
  return typeof value === "object" && value !== null && "next" in value && "return" in value;
}
