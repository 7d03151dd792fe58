import { FIRST_CREDIT } from "../proto/limits.js";
import { Credit } from "./credit.js";
/** One iteration over a stream; its exchange starts with the first `next`. */
export class Reader {
    method;
    args;
    credit = FIRST_CREDIT;
    id = 0;
    #port;
    #window = new Credit();
    /** Never more than was granted. */
    #items = [];
    #waiters = [];
    #state = "new";
    /** Thrown once, after the items that came before. */
    #error;
    end;
    constructor(method, args, port) {
        this.method = method;
        this.args = args;
        this.#port = port;
    }
    next() {
        if (this.#state === "new") {
            this.#state = "open";
            this.#port.start(this);
        }
        return new Promise((resolve, reject) => {
            if (this.#items.length) {
                resolve({ done: false, value: this.#items.shift() });
                this.#consumed();
            }
            else if (this.#state === "open") {
                this.#waiters.push({ resolve, reject });
            }
            else {
                settle({ resolve, reject }, this.#error);
                this.#error = undefined;
            }
        });
    }
    return() {
        this.#items = [];
        this.#error = undefined;
        const open = this.#state === "open";
        this.#end();
        if (open)
            this.#port.cancel(this);
        return Promise.resolve({ done: true, value: undefined });
    }
    take(kind, value, size) {
        if (kind === "end") {
            this.#end();
            return true;
        }
        if (kind !== "item")
            throw new Error("unexpected answer");
        if (!this.#window.receive(size))
            throw new Error("more items than granted");
        const waiter = this.#waiters.shift();
        if (waiter) {
            waiter.resolve({ done: false, value: value });
            this.#consumed();
        }
        else {
            this.#items.push(value);
        }
        return false;
    }
    fail(error, atOnce) {
        if (this.#state === "ended")
            return;
        if (atOnce)
            this.#items = [];
        this.#end({ cause: error });
    }
    #consumed() {
        const items = this.#window.consume();
        if (items && this.#state === "open")
            this.#port.grant(this, items);
    }
    #end(error) {
        this.#state = "ended";
        this.end?.();
        const [first, ...others] = this.#waiters;
        this.#waiters = [];
        if (first)
            settle(first, error);
        else if (error)
            this.#error = error;
        for (const waiter of others)
            settle(waiter);
    }
}
function settle(waiter, error) {
    if (error)
        waiter.reject(error.cause);
    else
        waiter.resolve({ done: true, value: undefined });
}
