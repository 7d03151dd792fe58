import type { GlueError } from "../errors.js";
import type { Envelope } from "../proto/envelope.js";
import { MAX_CREDIT } from "../proto/limits.js";
import type { Rpc } from "./caller.js";
import { type Calls, type OpenSource, tooMuch } from "./calls.js";
import type { Exchange, Source } from "./exchange.js";
import { encodeJson } from "./json.js";
import type { CallOptions, Items } from "./options.js";

/** Calls a method that takes `items` as its last parameter; see {@link Upload}. */
export async function callWith<T>(
  rpc: Rpc,
  method: string,
  args: object,
  items: Items<unknown>,
  options?: CallOptions,
): Promise<T> {
  return rpc.run("call", method, args, options, items, open) as T;
}

/** The same for a method that answers with items: each iteration reads `items` anew, as far as they can be. */
export function streamWith<T>(
  rpc: Rpc,
  method: string,
  args: object,
  items: Items<unknown>,
  options?: CallOptions,
): AsyncIterable<T> {
  return rpc.run("stream", method, args, options, items, open) as AsyncIterable<T>;
}

function open(items: Items<unknown>): OpenSource {
  return (calls, exchange) => new Upload(calls, exchange, items);
}

/**
 * Sends the items of a call. The source is asked for one only when the server has granted it, one at a time. When nobody
 * wants more it is told by `return`; when it throws, the call is cancelled and fails with just that.
 */
class Upload implements Source {
  readonly #calls: Calls;
  readonly #exchange: Exchange;
  readonly #items: Items<unknown>;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  #credit = 0;
  #isAsking = false;
  #stopped = false;

  constructor(calls: Calls, exchange: Exchange, items: Items<unknown>) {
    this.#calls = calls;
    this.#exchange = exchange;
    this.#items = items;
  }

  grant(items: number | undefined): boolean {
    const credit = this.#credit + (items ?? 0);
    this.#credit = Math.min(credit, MAX_CREDIT);
    if (!items) this.stop();
    else if (!this.#isAsking) void this.#run();
    return credit === this.#credit;
  }

  /** A source that nothing was asked of is told as well: it may hold something, such as a file. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    // What it has to say of that is of no use to anybody.
    (async () => this.#open().return?.())().catch(() => {});
  }

  async #run(): Promise<void> {
    this.#isAsking = true;
    while (this.#credit && !this.#stopped) {
      try {
        const { done, value } = await this.#open().next();
        const item = done || (await value);
        if (!this.#stopped) this.#send(done, item);
      } catch (error) {
        // After a failure of its own there is nothing to tell it.
        this.#stopped = true;
        this.#fail(error);
      }
    }
    this.#isAsking = false;
  }

  #send(done: boolean | undefined, item: unknown): void {
    const { method, id } = this.#exchange;
    try {
      const envelope: Envelope = done
        ? { kind: "end", id }
        : { kind: "item", id, body: encodeJson(`item of ${method}`, item) };
      if (!this.#calls.isOpen(this.#exchange) || !this.#calls.send(envelope)) throw tooMuch();
      this.#credit--;
      this.#stopped ||= !!done;
    } catch (error) {
      // Not the source's own: both that can throw here do so with one of ours.
      this.#calls.end(this.#exchange, error as GlueError, true);
    }
  }

  #fail(error: unknown): void {
    this.#exchange.fail(error, true);
    this.#calls.cancel(this.#exchange);
  }

  #open(): AsyncIterator<unknown> | Iterator<unknown> {
    const items = this.#items as AsyncIterable<unknown> & Iterable<unknown>;
    this.#iterator ??= items[Symbol.asyncIterator]?.() ?? items[Symbol.iterator]();
    return this.#iterator;
  }
}
