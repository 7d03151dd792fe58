import { GlueError } from "../errors.js";
import { encodeEnvelope } from "../proto/envelope.js";
import { FIRST_CREDIT } from "../proto/limits.js";
/** A call or stream of the client, to be answered. A notification is one that wants no answer. */
export class Call {
    method;
    /** The arguments by name. */
    args;
    isNotification;
    /** The milliseconds that the client waits, if it has said so. The test plays the server's part in that. */
    timeoutMs;
    /** The client's trace. */
    traceparent;
    #id;
    #send;
    #controller = new AbortController();
    #credit;
    #onCredit = () => { };
    #ended;
    #isStream;
    /** Items of the client that nobody has taken. */
    #items = [];
    #isComplete = false;
    #onItem = () => { };
    /** @internal */
    constructor(request, send) {
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
    get signal() {
        return this.#controller.signal;
    }
    /** Whether the client waits for one answer. @internal */
    get isPending() {
        return !this.#ended && !this.#isStream;
    }
    /** Items of a stream that the client still has room for. */
    get credit() {
        return this.#credit;
    }
    /** What the client has sent of its items and nobody has taken, oldest first. */
    get received() {
        return this.#items;
    }
    /** Whether the client's items have come to their end. */
    get isComplete() {
        return this.#isComplete;
    }
    /** Lets the client send so many items more. {@link items} does that by itself. */
    allow(items) {
        if (!this.#ended)
            this.#send(encodeEnvelope({ kind: "credit", id: this.#id, credit: items }));
    }
    /** Tells the client that no more of its items are wanted; it still waits for the answer. */
    stopItems() {
        if (!this.#ended)
            this.#send(encodeEnvelope({ kind: "cancel", id: this.#id }));
    }
    /** The client's items, for methods that take some: eight may come at first, then another for each that is taken. */
    async *items() {
        this.allow(FIRST_CREDIT);
        try {
            for (;;) {
                while (!this.#items.length && !this.#isComplete && !this.signal.aborted) {
                    await new Promise((resolve) => {
                        this.#onItem = resolve;
                    });
                }
                if (!this.#items.length)
                    return;
                const item = this.#items.shift();
                this.allow(1);
                yield item;
            }
        }
        finally {
            if (!this.#isComplete)
                this.stopItems();
        }
    }
    /** Answers it with a value. */
    respond(value = null) {
        this.#finish(() => encodeEnvelope({ kind: "ok", id: this.#id, body: json(value) }));
    }
    /** Answers it with an error: that of a {@link GlueError} is the client's too, any other is `internal` to it. */
    fail(error) {
        const { code, message, data } = GlueError.from(error);
        this.#finish(() => encodeEnvelope({ kind: "error", id: this.#id, body: json({ code, message, data }) }));
    }
    /** Sends an item of a stream. It is the test's to heed {@link credit}. */
    item(value) {
        if (this.#ended)
            return;
        this.#credit--;
        this.#send(encodeEnvelope({ kind: "item", id: this.#id, body: json(value) }));
    }
    /** Ends a stream. */
    end() {
        this.#finish(() => encodeEnvelope({ kind: "end", id: this.#id }));
    }
    /** Answers it with what a handler returns: a value, a promise of one, or a generator of a stream's items. @internal */
    async answer(run) {
        try {
            const result = run();
            if (isGenerator(result))
                await this.#stream(result);
            else
                this.respond(await result);
        }
        catch (error) {
            this.fail(error);
        }
    }
    /** @internal */
    grant(credit) {
        this.#credit += credit;
        this.#onCredit();
    }
    /** @internal */
    receive(item) {
        this.#items.push(item);
        this.#onItem();
    }
    /** @internal */
    complete() {
        this.#isComplete = true;
        this.#onItem();
    }
    /** @internal */
    cancel() {
        this.#ended = true;
        this.#controller.abort();
        this.#onCredit();
        this.#onItem();
    }
    /** Asks for an item only when there is credit for it [S-1]. */
    async #stream(items) {
        for (;;) {
            while (!this.#credit && !this.#ended) {
                await new Promise((resolve) => {
                    this.#onCredit = resolve;
                });
            }
            const next = this.#ended ? await items.return(undefined) : await items.next();
            if (next.done)
                break;
            this.item(next.value);
        }
        this.end();
    }
    #finish(encode) {
        if (this.#ended)
            return;
        const text = encode();
        this.#ended = true;
        this.#send(text);
    }
}
function json(value) {
    return JSON.stringify(value) ?? "null";
}
/** Generators only: arrays are values. */
function isGenerator(value) {
    return typeof value === "object" && value !== null && "next" in value && "return" in value;
}
