import { onAbort } from "../abort.js";
import { Emitter } from "../emitter.js";
import { GlueError } from "../errors.js";
import { decodeErrorBody } from "../proto/code.js";
import { decodeEnvelope, encodeEnvelope } from "../proto/envelope.js";
import { InFlight, Queue } from "./in-flight.js";
import { Reader } from "./stream.js";
/** Sent in the greeting. */
const PEER = "ts/0.1.0";
/** At each of these the session may have changed. */
const EVENTS = ["connecting", "reconnecting", "connected", "disconnected", "error", "timeout"];
const OPEN = new WeakMap();
/**
 * Typed calls over one channel of a socket. While there is no connection calls wait here, not in the socket's
 * send buffer, so that none of them slips into a session in which its number means nothing.
 */
export class Rpc {
    #socket;
    #channel;
    #schema;
    #events = new Emitter();
    #queue = new Queue();
    #inFlight = new InFlight();
    /** The socket's ID in the session that was greeted; empty if there is none. */
    #session = "";
    #ended = false;
    /** What went wrong with the socket last. */
    #cause;
    #faults = 0;
    /** The calls over the channel `name` of `socket`; the same object for the same two. */
    static open(socket, name, options = {}) {
        let byName = OPEN.get(socket);
        if (!byName) {
            byName = new Map();
            OPEN.set(socket, byName);
        }
        let rpc = byName.get(name);
        if (!rpc) {
            rpc = new Rpc(socket, name, options.schema);
            byName.set(name, rpc);
        }
        return rpc;
    }
    constructor(socket, name, schema) {
        this.#socket = socket;
        this.#channel = socket.channel(name);
        this.#schema = schema;
        this.#channel.onMessage((text) => this.#receive(text));
        for (const event of EVENTS) {
            socket.on(event, (argument) => {
                if (event === "error" || event === "connected")
                    this.#cause = argument;
                this.#sync();
                // A listener may have revived the socket before this one was told.
                this.#ended = socket.isClosed?.() ?? event === "disconnected";
                if (this.#ended)
                    this.#dropQueue();
            });
        }
        this.#sync();
    }
    /** Calls `method`; fails with a {@link GlueError}. */
    call(method, args, options = {}) {
        return new Promise((resolve, reject) => {
            const exchange = {
                method,
                args: encodeArgs(method, args),
                credit: undefined,
                id: 0,
                take(kind, value) {
                    if (kind !== "ok")
                        throw new Error("unexpected answer");
                    this.unlisten?.();
                    resolve(value);
                    return true;
                },
                fail(error) {
                    this.unlisten?.();
                    reject(error);
                },
            };
            this.#begin(exchange, options);
        });
    }
    /** Sends a notification, which is never answered. Throws a {@link GlueError} if it can't even wait. */
    notify(method, args) {
        const text = encodeEnvelope({ kind: "notification", method, body: encodeArgs(method, args) });
        this.#sync();
        if (!this.#session)
            this.#enqueue(text);
        else if (!this.#send(text))
            throw tooMuch(method);
    }
    /** The items of a stream. Each iteration is an exchange of its own, and leaving it ends that at the server. */
    stream(method, args, options = {}) {
        const text = encodeArgs(method, args);
        return {
            [Symbol.asyncIterator]: () => new Reader(method, text, {
                start: (exchange) => this.#begin(exchange, options),
                cancel: (exchange) => this.#cancel(exchange),
                grant: (exchange, credit) => this.#grant(exchange, credit),
            }),
        };
    }
    /** Listens to the server's events. */
    on(event, listener) {
        return this.#events.add(event, listener);
    }
    /** How much of what the server sent made no sense. */
    get faults() {
        return this.#faults;
    }
    /** Notices that the session has changed: everything that touches it asks here first. */
    #sync() {
        const session = this.#socket.socketID();
        if (session === this.#session)
            return;
        this.#session = session;
        const lost = this.#inFlight.drain();
        this.#inFlight = new InFlight();
        for (const exchange of lost)
            exchange.fail(this.#unavailable("unknown"));
        if (!session)
            return;
        const body = JSON.stringify({ schema: this.#schema, peer: PEER });
        this.#send(encodeEnvelope({ kind: "hello", body }));
        for (const entry of this.#queue.drain()) {
            if (typeof entry === "string")
                this.#send(entry);
            else
                this.#request(entry);
        }
    }
    /** Returns whether it is on its way; it belongs to this session. */
    #send(text) {
        return this.#channel.send(text, undefined, true) !== -1;
    }
    #begin(exchange, { signal }) {
        try {
            exchange.unlisten = onAbort(signal, (error) => {
                exchange.fail(error, true);
                this.#cancel(exchange);
            });
            this.#sync();
            if (this.#session)
                this.#request(exchange);
            else
                this.#enqueue(exchange);
        }
        catch (error) {
            exchange.fail(error);
        }
    }
    #request(exchange) {
        this.#inFlight.add(exchange);
        const { id, method, args, credit } = exchange;
        const params = credit === undefined ? undefined : { params: { credit } };
        if (this.#send(encodeEnvelope({ kind: "request", id, ...params, method, body: args })))
            return;
        this.#inFlight.remove(exchange);
        exchange.fail(tooMuch(method));
    }
    #enqueue(entry) {
        if (this.#socket.isClosed?.() ?? this.#ended)
            throw this.#unavailable("not_sent");
        if (!this.#queue.push(entry))
            throw new GlueError("resource_exhausted", "too many calls wait");
    }
    #unavailable(outcome) {
        return new GlueError("unavailable", "connection lost", { data: { outcome }, cause: this.#cause });
    }
    #dropQueue() {
        for (const entry of this.#queue.drain()) {
            if (typeof entry !== "string")
                entry.fail(this.#unavailable("not_sent"));
        }
    }
    /** Comes after the exchange has ended here: sending may fail, with a socket that isn't ours even throw. */
    #cancel(exchange) {
        this.#queue.remove(exchange);
        this.#sync();
        if (this.#inFlight.remove(exchange)) {
            this.#send(encodeEnvelope({ kind: "cancel", id: exchange.id }));
        }
    }
    #grant(exchange, credit) {
        this.#sync();
        if (this.#inFlight.has(exchange)) {
            this.#send(encodeEnvelope({ kind: "credit", id: exchange.id, credit }));
        }
    }
    #receive(text) {
        this.#sync();
        const envelope = decodeEnvelope(text);
        if ("error" in envelope) {
            // An answer that can't be read is one all the same.
            this.#break(this.#inFlight.get(Number.parseInt(text.slice(2), 10)));
            return;
        }
        switch (envelope.kind) {
            case "hello":
                break;
            case "event":
                this.#emit(envelope);
                break;
            case "ok":
            case "error":
            case "item":
            case "end":
                this.#answer(envelope.kind, envelope);
                break;
            default:
                // Calls of the server, and what belongs to streams upward, which we don't open.
                this.#faults++;
        }
    }
    #answer(kind, { id = 0, body = "null" }) {
        const exchange = this.#inFlight.get(id);
        if (!exchange) {
            // What is late crossed our own cancellation; the rest was never asked for.
            if (!this.#inFlight.wasOpened(id))
                this.#faults++;
        }
        else if (kind === "error") {
            this.#inFlight.remove(exchange);
            exchange.fail(decodeError(body));
        }
        else {
            try {
                if (exchange.take(kind, JSON.parse(body), body.length))
                    this.#inFlight.remove(exchange);
            }
            catch (cause) {
                this.#break(exchange, cause);
            }
        }
    }
    /** Ends what was answered with nonsense, if there is such an exchange. */
    #break(exchange, cause) {
        this.#faults++;
        if (!exchange)
            return;
        exchange.fail(new GlueError("internal", `malformed answer to ${exchange.method}`, { cause }));
        this.#cancel(exchange);
    }
    #emit({ event = "", body = "null" }) {
        try {
            // Listeners throw elsewhere.
            this.#events.emit(event, JSON.parse(body));
        }
        catch {
            this.#faults++;
        }
    }
}
function encodeArgs(method, args) {
    try {
        const text = JSON.stringify(args);
        // What changes without a word becomes one of these, so only where there is one it is looked for.
        if (/null|[:,[]{}/.test(text))
            JSON.stringify(args, refuseLoss);
        return text;
    }
    catch (cause) {
        throw new GlueError("invalid_argument", `arguments of ${method}: ${GlueError.from(cause).message}`, {
            cause,
        });
    }
}
/**
 * Throws where JSON would say something else: null for NaN, the infinities and a Date without a time, `{}` for
 * a Map or Set. Whether a large number was meant for an integer and has lost digits only the server can tell.
 */
function refuseLoss(key, value) {
    // As it was before `toJSON`.
    const raw = this[key];
    const refused = typeof value === "number"
        ? !Number.isFinite(value)
        : value instanceof Map || value instanceof Set || (value === null && Number.isNaN(raw?.valueOf()));
    if (refused)
        throw new RangeError(`${key} is ${raw}`);
    return value;
}
function decodeError(body) {
    try {
        const { code, message, data } = decodeErrorBody(JSON.parse(body));
        return new GlueError(code, message, { data });
    }
    catch (cause) {
        return new GlueError("internal", "malformed error", { cause });
    }
}
/** Longer than the server takes, or more than may wait here. */
function tooMuch(method) {
    return new GlueError("resource_exhausted", `${method}: too much to send`);
}
