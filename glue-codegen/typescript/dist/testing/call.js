import { GlueError } from "../errors.js";
import { encodeEnvelope } from "../proto/envelope.js";
/** A call or stream of the client, to be answered. A notification is one that wants no answer. */
export class Call {
    method;
    /** The arguments by name. */
    args;
    isNotification;
    #id;
    #send;
    #controller = new AbortController();
    #credit;
    #onCredit = () => { };
    #ended;
    /** @internal */
    constructor(request, send) {
        this.method = request.method;
        this.args = request.args;
        this.isNotification = request.id === undefined;
        this.#id = request.id ?? 0;
        this.#credit = request.credit;
        this.#send = send;
        this.#ended = this.isNotification;
    }
    /** Aborted when the client has cancelled it, or when the session has ended. */
    get signal() {
        return this.#controller.signal;
    }
    /** Items of a stream that the client still has room for. */
    get credit() {
        return this.#credit;
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
    cancel() {
        this.#ended = true;
        this.#controller.abort();
        this.#onCredit();
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
        this.#send(encode());
        this.#ended = true;
    }
}
function json(value) {
    return JSON.stringify(value) ?? "null";
}
/** Generators only: arrays are values. */
function isGenerator(value) {
    return typeof value === "object" && value !== null && "next" in value && "return" in value;
}
