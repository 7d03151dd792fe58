import { FIRST_CREDIT } from "../proto/limits.js";
import { Credit } from "./credit.js";
import type { AnswerKind, Exchange } from "./in-flight.js";

/** What a reader needs from the caller it belongs to. */
export interface ReaderPort {
  /** Sends the request, or queues it; fails it if neither can be. */
  start(exchange: Exchange): void;
  /** Ends the exchange here, and at the server if it got there. */
  cancel(exchange: Exchange): void;
  grant(exchange: Exchange, items: number): void;
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** One iteration over a stream; its exchange starts with the first `next`. */
export class Reader<T> implements AsyncIterator<T, undefined>, Exchange {
  readonly method: string;
  readonly args: string;
  readonly credit: number = FIRST_CREDIT;
  id = 0;
  readonly #port: ReaderPort;
  readonly #window = new Credit();
  /** Never more than was granted. */
  #items: T[] = [];
  #waiters: Waiter<T>[] = [];
  #state: "new" | "open" | "ended" = "new";
  /** Thrown once, after the items that came before. */
  #error: { readonly cause: unknown } | undefined;
  end: (() => void) | undefined;

  constructor(method: string, args: string, port: ReaderPort) {
    this.method = method;
    this.args = args;
    this.#port = port;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#state === "new") {
      this.#state = "open";
      this.#port.start(this);
    }
    return new Promise((resolve, reject) => {
      if (this.#items.length) {
        resolve({ done: false, value: this.#items.shift() as T });
        this.#consumed();
      } else if (this.#state === "open") {
        this.#waiters.push({ resolve, reject });
      } else {
        settle({ resolve, reject }, this.#error);
        this.#error = undefined;
      }
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#items = [];
    this.#error = undefined;
    const open = this.#state === "open";
    this.#end();
    if (open) this.#port.cancel(this);
    return Promise.resolve({ done: true, value: undefined });
  }

  take(kind: AnswerKind, value: unknown, size: number): boolean {
    if (kind === "end") {
      this.#end();
      return true;
    }
    if (kind !== "item") throw new Error("unexpected answer");
    if (!this.#window.receive(size)) throw new Error("more items than granted");
    const waiter = this.#waiters.shift();
    if (waiter) {
      waiter.resolve({ done: false, value: value as T });
      this.#consumed();
    } else {
      this.#items.push(value as T);
    }
    return false;
  }

  fail(error: unknown, atOnce?: boolean): void {
    if (this.#state === "ended") return;
    if (atOnce) this.#items = [];
    this.#end({ cause: error });
  }

  #consumed(): void {
    const items = this.#window.consume();
    if (items && this.#state === "open") this.#port.grant(this, items);
  }

  #end(error?: { readonly cause: unknown }): void {
    this.#state = "ended";
    this.end?.();
    const [first, ...others] = this.#waiters;
    this.#waiters = [];
    if (first) settle(first, error);
    else if (error) this.#error = error;
    for (const waiter of others) settle(waiter);
  }
}

function settle<T>(waiter: Waiter<T>, error?: { readonly cause: unknown }): void {
  if (error) waiter.reject(error.cause);
  else waiter.resolve({ done: true, value: undefined });
}
