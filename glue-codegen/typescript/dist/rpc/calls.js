import { onAbort } from "../abort.js";
import { systemClock } from "../clock.js";
import { Emitter } from "../emitter.js";
import { GlueError } from "../errors.js";
import { decodeErrorBody } from "../proto/code.js";
import { decodeEnvelope, encodeEnvelope } from "../proto/envelope.js";
import { MAX_CREDIT, NEVER } from "../proto/limits.js";
import { InFlight, Queue } from "./in-flight.js";
import { encodeJson } from "./json.js";
import { EVENTS } from "./options.js";
import { Reader } from "./stream.js";
import { isTraceparent } from "./trace.js";
/** Sent in the greeting. */
const PEER = "ts/0.1.0";
const OPEN = new WeakMap();
/**
 * All typed calls of one channel of a socket. While there is no connection calls wait here, not in the socket's
 * send buffer, so that none of them slips into a session in which its number means nothing.
 */
export class Calls {
    name;
    clock;
    /** Set once the application handles calls of the server. */
    callee;
    /** How much of what the server sent made no sense. */
    faults = 0;
    #socket;
    #channel;
    #contract;
    #events = new Emitter();
    #queue = new Queue();
    #inFlight = new InFlight();
    /** The socket's ID in the session that was greeted; empty if there is none. */
    #session = "";
    /** The methods that the server has, by name, if it says that they are others than ours. */
    #theirs;
    #ended = false;
    /** What went wrong with the socket last. */
    #cause;
    /** Those of the channel `name` of `socket`; the same object for the same two. */
    static of(socket, name, contract = {}) {
        let byName = OPEN.get(socket);
        if (!byName) {
            byName = new Map();
            OPEN.set(socket, byName);
        }
        let calls = byName.get(name);
        if (!calls) {
            calls = new Calls(socket, name, contract);
            byName.set(name, calls);
        }
        return calls;
    }
    constructor(socket, name, contract) {
        this.name = name;
        this.clock = socket.clock ?? systemClock;
        this.#socket = socket;
        this.#channel = socket.channel(name);
        this.#contract = contract;
        this.#channel.onMessage((text) => this.#receive(text));
        for (const event of EVENTS) {
            socket.on(event, (argument) => {
                if (event === "error" || event === "connected")
                    this.#cause = argument;
                this.sync();
                // A listener may have revived the socket before this one was told.
                this.#ended = socket.isClosed?.() ?? event === "disconnected";
                if (this.#ended)
                    this.#dropQueue();
            });
        }
        this.sync();
    }
    /** `source` is what sends items of ours, if the method takes some. */
    call(method, args, options, source) {
        return new Promise((resolve, reject) => {
            const exchange = {
                method,
                args: encodeArgs(method, args),
                credit: undefined,
                id: 0,
                take(kind, value) {
                    if (kind !== "ok")
                        throw new Error("unexpected answer");
                    this.end?.();
                    resolve(value);
                    return true;
                },
                fail(error) {
                    this.end?.();
                    reject(error);
                },
            };
            exchange.source = source?.(exchange);
            this.#begin(exchange, options);
        });
    }
    notify(method, args, { traceparent }) {
        const trace = isTraceparent(traceparent) ? traceparent : undefined;
        const body = encodeArgs(method, args);
        const text = encodeEnvelope({ kind: "notification", params: { trace }, method, body });
        this.sync();
        this.#check(method);
        if (!this.#session)
            this.#enqueue(text);
        else if (!this.#send(text))
            throw tooMuch(method);
    }
    /** `source` is asked at each iteration. */
    stream(method, args, options, source) {
        const text = encodeArgs(method, args);
        return {
            [Symbol.asyncIterator]: () => new Reader(method, text, {
                start: (exchange) => {
                    exchange.source = source?.(exchange);
                    this.#begin(exchange, options);
                },
                cancel: (exchange) => this.cancel(exchange),
                grant: (exchange, credit) => this.#grant(exchange, credit),
            }),
        };
    }
    /** Listens to the server's events. */
    on(event, listener) {
        return this.#events.add(event, listener);
    }
    /** Sends an item of ours, or their end; returns whether it is on its way. */
    sendItem(exchange, body) {
        this.sync();
        const { id } = exchange;
        const envelope = body === undefined ? { kind: "end", id } : { kind: "item", id, body };
        return this.#inFlight.has(exchange) && this.#send(encodeEnvelope(envelope));
    }
    /** Comes after the exchange has ended here: sending may fail, with a socket that isn't ours even throw. */
    cancel(exchange) {
        this.#queue.remove(exchange);
        this.sync();
        if (this.#inFlight.remove(exchange)) {
            const text = encodeEnvelope({ kind: "cancel", id: exchange.id });
            // Ahead of its own request it would mean nothing.
            this.#send(text, exchange.heard);
        }
    }
    /** Answers a call of the server; returns whether that is on its way. */
    answer(id, body, isError) {
        return this.#send(encodeEnvelope({ kind: isError ? "error" : "ok", id, body }));
    }
    /** Notices that the session has changed: everything that touches it asks here first. */
    sync() {
        const session = this.#socket.socketID();
        if (session === this.#session)
            return;
        this.#session = session;
        this.#theirs = undefined;
        const lost = this.#inFlight.drain();
        this.#inFlight = new InFlight();
        if (session) {
            const body = JSON.stringify({ schema: this.#contract.schema, peer: PEER });
            this.#send(encodeEnvelope({ kind: "hello", body }));
            for (const entry of this.#queue.drain()) {
                if (typeof entry === "string")
                    this.#send(entry);
                else
                    this.#request(entry);
            }
        }
        // Last, as it runs the application's code: sources and handlers that are told may make calls, which belong behind that.
        for (const exchange of lost)
            this.#fail(exchange, this.#unavailable("unknown"));
        this.callee?.drop();
    }
    /** Returns whether it is on its way; it belongs to this session. */
    #send(text, ahead) {
        return this.#channel.send(text, undefined, ahead ? "ahead" : true) !== -1;
    }
    #begin(exchange, { signal, timeoutMs = NEVER, traceparent }) {
        const enders = [];
        exchange.end = () => {
            for (const end of enders)
                end();
            exchange.source?.stop();
        };
        try {
            if (!(timeoutMs > 0))
                throw new GlueError("invalid_argument", `timeoutMs is ${timeoutMs}`);
            enders.push(onAbort(signal, (error) => this.#end(exchange, error, true)));
            if (timeoutMs < NEVER) {
                const ms = Math.min(timeoutMs, MAX_CREDIT);
                exchange.deadline = this.clock.now() + ms;
                enders.push(this.clock.after(ms, () => this.#end(exchange, new GlueError("deadline_exceeded", "timed out"))));
            }
            if (isTraceparent(traceparent))
                exchange.trace = traceparent;
            this.sync();
            if (this.#session)
                this.#request(exchange);
            else
                this.#enqueue(exchange);
        }
        catch (error) {
            this.#fail(exchange, GlueError.from(error));
        }
    }
    #request(exchange) {
        const { method, args, credit, deadline, trace } = exchange;
        this.#check(method);
        this.#inFlight.add(exchange);
        const timeout = deadline && Math.max(1, Math.ceil(deadline - this.clock.now()));
        const params = { credit, timeout, trace };
        if (this.#send(encodeEnvelope({ kind: "request", id: exchange.id, params, method, body: args })))
            return;
        this.#inFlight.remove(exchange);
        this.#fail(exchange, tooMuch(method));
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
                this.#fail(entry, this.#unavailable("not_sent"));
        }
    }
    /** Ends `exchange` here with an error that is its own from now on. */
    #fail(exchange, error, atOnce) {
        exchange.fail(Object.assign(error, { method: `${this.name}.${exchange.method}` }), atOnce);
    }
    /** The same, and at the server as well. */
    #end(exchange, error, atOnce) {
        this.#fail(exchange, error, atOnce);
        this.cancel(exchange);
    }
    #grant(exchange, credit) {
        this.sync();
        if (this.#inFlight.has(exchange)) {
            this.#send(encodeEnvelope({ kind: "credit", id: exchange.id, credit }), true);
        }
    }
    #receive(text) {
        this.sync();
        const envelope = decodeEnvelope(text);
        if ("error" in envelope) {
            // An answer that can't be read is one all the same.
            this.#break(this.#inFlight.get(Number.parseInt(text.slice(2), 10)));
            return;
        }
        const { kind, id = 0, event = "", body = "null" } = envelope;
        switch (kind) {
            case "hello":
            case "event":
                try {
                    const value = JSON.parse(body);
                    // Listeners throw elsewhere.
                    if (kind === "event")
                        this.#events.emit(event, value);
                    else
                        this.#greet(value?.methods);
                }
                catch {
                    this.faults++;
                }
                break;
            case "request":
            case "notification":
                if (this.callee)
                    this.#note(this.callee.receive(envelope));
                else if (id)
                    this.answer(id, '{"code":"unimplemented","message":"no handler"}', true);
                break;
            default:
                if (id % 2)
                    this.#continue(envelope, id, body);
                else
                    this.#note(kind === "cancel" && this.callee?.receive(envelope));
        }
    }
    /** Counts what made no sense. */
    #note(isSense) {
        if (!isSense)
            this.faults++;
    }
    /** What the server says of an exchange of ours. */
    #continue({ kind, credit }, id, body) {
        const exchange = this.#inFlight.get(id);
        if (!exchange) {
            // What is late crossed our own cancellation; the rest was never asked for.
            this.#note(this.#inFlight.wasOpened(id));
            return;
        }
        exchange.heard = true;
        if (kind === "credit" || kind === "cancel") {
            this.#note(exchange.source?.grant(credit));
        }
        else if (kind === "error") {
            this.#inFlight.remove(exchange);
            this.#fail(exchange, decodeError(body));
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
        this.faults++;
        if (!exchange)
            return;
        this.#end(exchange, new GlueError("internal", `malformed answer to ${exchange.method}`, { cause }));
    }
    /** The server has told of its methods: what has changed goes on no more. */
    #greet(methods) {
        if (typeof methods !== "object")
            return;
        this.#theirs = methods;
        for (const exchange of this.#inFlight.drain()) {
            try {
                this.#check(exchange.method);
            }
            catch (error) {
                this.#end(exchange, error);
            }
        }
    }
    /** Throws if the server's method is another one. */
    #check(method) {
        const client = this.#contract.methods?.[method];
        const server = this.#theirs?.[method] ?? null;
        if (this.#theirs && client && client !== server)
            throw new GlueError("stale_client", `${method} has changed`, { data: { method, client, server } });
    }
}
function encodeArgs(method, args) {
    return encodeJson(`arguments of ${method}`, args);
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
export function tooMuch(method) {
    return new GlueError("resource_exhausted", `${method}: too much to send`);
}
