import { GlueError } from "../errors.js";
import { decodeErrorBody } from "../proto/code.js";
import { decodeEnvelope, decodeParams, encodeEnvelope } from "../proto/envelope.js";
import { Call } from "./call.js";
/** The server's side of the typed calls of one channel. It greets by itself. */
export class PeerRpc {
    /** What the server says in its greeting, such as `schema` and `methods`. */
    greeting = {};
    /** The server's numbers are even. */
    #last = 0;
    #asked = new Map();
    #channel;
    #clock;
    #calls = new Map();
    #waiting = [];
    #methods;
    /** @internal */
    constructor(channel, clock) {
        this.#channel = channel;
        this.#clock = clock;
        channel.onMessage((data) => this.#handle(data));
    }
    /** Answers every call by these methods from now on, those that wait as well. Any other method is `unimplemented`. */
    serve(methods) {
        this.#methods = methods;
        for (const call of this.#waiting.splice(0))
            this.#answer(call, methods);
    }
    /**
     * The next call that nobody has answered. Virtual time passes until it comes.
     *
     * @throws Error if it doesn't within `withinMs` milliseconds, by default a minute.
     */
    async nextCall(withinMs) {
        await this.#clock.until(() => this.#waiting.length > 0, `a call on channel ${this.#channel.name}`, withinMs);
        return this.#waiting.shift();
    }
    /** Sends an event. A client hears none before its first call on the channel. */
    emit(event, data) {
        this.#channel.send(encodeEnvelope({ kind: "event", event, body: JSON.stringify(data) }));
    }
    /** Calls a method of the client, which must have sent something on the channel; fails with a `GlueError`. */
    call(method, args = {}, options = {}) {
        const { signal } = options;
        this.#last += 2;
        const id = this.#last;
        return new Promise((resolve, reject) => {
            this.#asked.set(id, { resolve, reject });
            const params = { timeout: options.timeoutMs, trace: options.traceparent };
            this.#channel.send(encodeEnvelope({ kind: "request", id, params, method, body: JSON.stringify(args) }));
            signal?.addEventListener("abort", () => {
                if (!this.#asked.delete(id))
                    return;
                this.#channel.send(encodeEnvelope({ kind: "cancel", id }));
                reject(new GlueError("cancelled", "cancelled", { cause: signal.reason }));
            });
        });
    }
    /** Sends the client a notification. */
    notify(method, args = {}) {
        this.#channel.send(encodeEnvelope({ kind: "notification", method, body: JSON.stringify(args) }));
    }
    /** Whether a call is under way, of either side; streams don't count. @internal */
    get isBusy() {
        return this.#asked.size > 0 || [...this.#calls.values()].some((call) => call.isPending);
    }
    /** The session has ended. @internal */
    close() {
        for (const { reject } of this.#asked.values())
            reject(new GlueError("unavailable", "session ended"));
        this.#asked.clear();
        for (const call of this.#calls.values())
            call.cancel();
    }
    #handle(text) {
        const envelope = decodeEnvelope(text);
        if (!envelope)
            return;
        const { kind, id = 0, credit = 0, body = "null" } = envelope;
        switch (kind) {
            case "hello":
                this.#channel.send(encodeEnvelope({ kind: "hello", body: JSON.stringify(this.greeting) }));
                break;
            case "request":
            case "notification":
                this.#open(envelope);
                break;
            case "credit":
                this.#calls.get(id)?.grant(credit);
                break;
            case "cancel":
                this.#calls.get(id)?.cancel();
                break;
            case "item":
                this.#calls.get(id)?.receive(JSON.parse(body));
                break;
            case "end":
                this.#calls.get(id)?.complete();
                break;
            case "ok":
            case "error":
                this.#settle(kind, id, JSON.parse(body));
        }
    }
    #settle(kind, id, value) {
        const asked = this.#asked.get(id);
        this.#asked.delete(id);
        if (kind === "ok") {
            asked?.resolve(value);
        }
        else {
            const { code, message, data } = decodeErrorBody(value);
            asked?.reject(new GlueError(code, message, { data }));
        }
    }
    #open(envelope) {
        const { id, method = "", body = "{}" } = envelope;
        const params = decodeParams(envelope);
        if (!params)
            return;
        const request = { id, method, args: JSON.parse(body), params };
        const call = new Call(request, (data) => this.#channel.send(data));
        if (id !== undefined)
            this.#calls.set(id, call);
        if (this.#methods)
            this.#answer(call, this.#methods);
        else
            this.#waiting.push(call);
    }
    #answer(call, methods) {
        const method = Object.hasOwn(methods, call.method) ? methods[call.method] : undefined;
        call.answer(() => {
            if (!method)
                throw new GlueError("unimplemented", `no method ${call.method}`);
            return method(call.args, call);
        });
    }
}
