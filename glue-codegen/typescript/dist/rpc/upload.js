import { MAX_CREDIT } from "../proto/limits.js";
import { tooMuch } from "./calls.js";
import { encodeJson } from "./json.js";
/** Calls a method that takes `items` as its last parameter; see {@link Upload}. */
export async function callWith(rpc, method, args, items, options) {
    return rpc.run("call", method, args, options, items, open);
}
/** The same for a method that answers with items: each iteration reads `items` anew, as far as they can be. */
export function streamWith(rpc, method, args, items, options) {
    return rpc.run("stream", method, args, options, items, open);
}
function open(items) {
    return (calls, exchange) => new Upload(calls, exchange, items);
}
/**
 * Sends the items of a call. The source is asked for one only when the server has granted it, one at a time. When nobody
 * wants more it is told by `return`; when it throws, the call is cancelled and fails with just that.
 */
class Upload {
    #calls;
    #exchange;
    #items;
    #iterator;
    #credit = 0;
    #isAsking = false;
    #stopped = false;
    constructor(calls, exchange, items) {
        this.#calls = calls;
        this.#exchange = exchange;
        this.#items = items;
    }
    grant(items) {
        const credit = this.#credit + (items ?? 0);
        this.#credit = Math.min(credit, MAX_CREDIT);
        if (!items)
            this.stop();
        else if (!this.#isAsking)
            void this.#run();
        return credit === this.#credit;
    }
    /** A source that nothing was asked of is told as well: it may hold something, such as a file. */
    stop() {
        if (this.#stopped)
            return;
        this.#stopped = true;
        // What it has to say of that is of no use to anybody.
        (async () => this.#open().return?.())().catch(() => { });
    }
    async #run() {
        this.#isAsking = true;
        while (this.#credit && !this.#stopped) {
            try {
                const { done, value } = await this.#open().next();
                const item = done || (await value);
                if (!this.#stopped)
                    this.#send(done, item);
            }
            catch (error) {
                // After a failure of its own there is nothing to tell it.
                this.#stopped = true;
                this.#fail(error);
            }
        }
        this.#isAsking = false;
    }
    #send(done, item) {
        const { method, id } = this.#exchange;
        try {
            const envelope = done
                ? { kind: "end", id }
                : { kind: "item", id, body: encodeJson(`item of ${method}`, item) };
            if (!this.#calls.isOpen(this.#exchange) || !this.#calls.send(envelope))
                throw tooMuch();
            this.#credit--;
            this.#stopped ||= !!done;
        }
        catch (error) {
            // Not the source's own: both that can throw here do so with one of ours.
            this.#calls.end(this.#exchange, error, true);
        }
    }
    #fail(error) {
        this.#exchange.fail(error, true);
        this.#calls.cancel(this.#exchange);
    }
    #open() {
        const items = this.#items;
        this.#iterator ??= items[Symbol.asyncIterator]?.() ?? items[Symbol.iterator]();
        return this.#iterator;
    }
}
