import type { Calls } from "./calls.js";
import { Credit } from "./credit.js";
import type { Exchange } from "./exchange.js";

/** Resolves or rejects what `next` has given. */
type Waiter = readonly [
  resolve: (result: IteratorResult<unknown, undefined>) => void,
  reject: (error: unknown) => void,
];

/** One iteration over a stream; `begin` starts its exchange, with the first `next`. */
export function read(
  calls: Calls,
  method: string,
  args: string,
  begin: (exchange: Exchange) => void,
): AsyncIterator<unknown, undefined> {
  const window = new Credit();
  const waiters: Waiter[] = [];
  /** Never more than was granted. */
  let items: unknown[] = [];
  let state: "new" | "open" | "ended" = "new";
  /** Thrown once, after the items that came before. */
  let failure: { readonly error: unknown } | undefined;

  const exchange: Exchange = {
    method,
    args,
    get credit() {
      return window.granted;
    },
    take(kind, value, size) {
      const isEnd = kind === "end";
      if (isEnd) {
        end();
      } else {
        if (kind !== "item" || !window.receive(size)) throw new Error("unexpected answer");
        items.push(value);
        serve();
      }
      return isEnd;
    },
    fail(error, atOnce) {
      if (state === "ended") return;
      if (atOnce) items = [];
      end({ error });
    },
  };

  const end = (reason?: { readonly error: unknown }): void => {
    state = "ended";
    failure = reason;
    serve();
  };

  /** Gives those who wait what there is for them. */
  const serve = (): void => {
    while (waiters.length && (items.length || state === "ended")) {
      const [resolve, reject] = waiters.shift() as Waiter;
      if (items.length) {
        resolve({ done: false, value: items.shift() });
        // First, as the request of a session that has just begun tells what is granted by now.
        const isOpen = calls.isOpen(exchange);
        const credit = window.consume();
        if (isOpen && credit) {
          calls.send({ kind: "credit", id: exchange.id, credit }, exchange.heard);
        }
      } else if (failure) {
        reject(failure.error);
        failure = undefined;
      } else {
        resolve({ done: true, value: undefined });
      }
    }
  };

  return {
    next() {
      if (state === "new") {
        state = "open";
        begin(exchange);
      }
      return new Promise((resolve, reject) => {
        waiters.push([resolve, reject]);
        serve();
      });
    },
    async return() {
      items = [];
      end();
      calls.cancel(exchange);
      return { done: true, value: undefined };
    },
  };
}
