import { onAbort } from "../abort.js";
import { type Clock, systemClock } from "../clock.js";
import { Emitter, type Unsubscribe } from "../emitter.js";
import { GlueError } from "../errors.js";
import { decodeErrorBody } from "../proto/code.js";
import { decodeEnvelope, type Envelope, encodeEnvelope } from "../proto/envelope.js";
import { MAX_CREDIT, NEVER } from "../proto/limits.js";
import { type AnswerKind, type Exchange, InFlight, Queue, type Source } from "./in-flight.js";
import { encodeJson } from "./json.js";
import { type CallOptions, EVENTS, type RpcChannel, type RpcContract, type RpcSocket } from "./options.js";
import { Reader } from "./stream.js";
import { isTraceparent } from "./trace.js";

/** What answers the calls of the server. */
export interface Callee {
  /** Takes a request, a notification, or the cancel of a request; returns whether it makes sense. */
  receive(envelope: Envelope): boolean;
  /** The session has ended. */
  drop(): void;
}

/** Makes what sends the items of an exchange; never throws. */
type OpenSource = (exchange: Exchange) => Source;

/** Sent in the greeting. */
const PEER = "ts/0.1.0";

const OPEN = new WeakMap<RpcSocket, Map<string, Calls>>();

/**
 * All typed calls of one channel of a socket. While there is no connection calls wait here, not in the socket's
 * send buffer, so that none of them slips into a session in which its number means nothing.
 */
export class Calls {
  readonly name: string;
  readonly clock: Clock;
  /** Set once the application handles calls of the server. */
  callee: Callee | undefined;
  /** How much of what the server sent made no sense. */
  faults = 0;
  readonly #socket: RpcSocket;
  readonly #channel: RpcChannel;
  readonly #contract: RpcContract;
  readonly #events = new Emitter<Record<string, never>>();
  readonly #queue = new Queue();
  #inFlight = new InFlight();
  /** The socket's ID in the session that was greeted; empty if there is none. */
  #session = "";
  /** The methods that the server has, by name, if it says that they are others than ours. */
  #theirs: Readonly<Record<string, string>> | undefined | null;
  #ended = false;
  /** What went wrong with the socket last. */
  #cause: unknown;

  /** Those of the channel `name` of `socket`; the same object for the same two. */
  static of(socket: RpcSocket, name: string, contract: RpcContract = {}): Calls {
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

  private constructor(socket: RpcSocket, name: string, contract: RpcContract) {
    this.name = name;
    this.clock = socket.clock ?? systemClock;
    this.#socket = socket;
    this.#channel = socket.channel(name);
    this.#contract = contract;
    this.#channel.onMessage((text) => this.#receive(text));
    for (const event of EVENTS) {
      socket.on(event, (argument) => {
        if (event === "error" || event === "connected") this.#cause = argument;
        this.sync();
        // A listener may have revived the socket before this one was told.
        this.#ended = socket.isClosed?.() ?? event === "disconnected";
        if (this.#ended) this.#dropQueue();
      });
    }
    this.sync();
  }

  /** `source` is what sends items of ours, if the method takes some. */
  call(method: string, args: object, options: CallOptions, source?: OpenSource): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const exchange: Exchange = {
        method,
        args: encodeArgs(method, args),
        credit: undefined,
        id: 0,
        take(kind, value) {
          if (kind !== "ok") throw new Error("unexpected answer");
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

  notify(method: string, args: object, { traceparent }: CallOptions): void {
    const trace = isTraceparent(traceparent) ? traceparent : undefined;
    const body = encodeArgs(method, args);
    const text = encodeEnvelope({ kind: "notification", params: { trace }, method, body });
    this.sync();
    this.#check(method);
    if (!this.#session) this.#enqueue(text);
    else if (!this.#send(text)) throw tooMuch(method);
  }

  /** `source` is asked at each iteration. */
  stream(method: string, args: object, options: CallOptions, source?: OpenSource): AsyncIterable<unknown> {
    const text = encodeArgs(method, args);
    return {
      [Symbol.asyncIterator]: () =>
        new Reader(method, text, {
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
  on<T>(event: string, listener: (event: T) => void): Unsubscribe {
    return this.#events.add(event, listener as (event: never) => void);
  }

  /** Sends an item of ours, or their end; returns whether it is on its way. */
  sendItem(exchange: Exchange, body?: string): boolean {
    this.sync();
    const { id } = exchange;
    const envelope =
      body === undefined ? ({ kind: "end", id } as const) : ({ kind: "item", id, body } as const);
    return this.#inFlight.has(exchange) && this.#send(encodeEnvelope(envelope));
  }

  /** Comes after the exchange has ended here: sending may fail, with a socket that isn't ours even throw. */
  cancel(exchange: Exchange): void {
    this.#queue.remove(exchange);
    this.sync();
    if (this.#inFlight.remove(exchange)) {
      const text = encodeEnvelope({ kind: "cancel", id: exchange.id });
      // Ahead of its own request it would mean nothing.
      this.#send(text, exchange.heard);
    }
  }

  /** Answers a call of the server; returns whether that is on its way. */
  answer(id: number, body: string, isError?: boolean): boolean {
    return this.#send(encodeEnvelope({ kind: isError ? "error" : "ok", id, body }));
  }

  /** Notices that the session has changed: everything that touches it asks here first. */
  sync(): void {
    const session = this.#socket.socketID();
    if (session === this.#session) return;
    this.#session = session;
    this.#theirs = undefined;
    const lost = this.#inFlight.drain();
    this.#inFlight = new InFlight();
    if (session) {
      const body = JSON.stringify({ schema: this.#contract.schema, peer: PEER });
      this.#send(encodeEnvelope({ kind: "hello", body }));
      for (const entry of this.#queue.drain()) {
        if (typeof entry === "string") this.#send(entry);
        else this.#request(entry);
      }
    }
    // Last, as it runs the application's code: sources and handlers that are told may make calls, which belong behind that.
    for (const exchange of lost) this.#fail(exchange, this.#unavailable("unknown"));
    this.callee?.drop();
  }

  /** Returns whether it is on its way; it belongs to this session. */
  #send(text: string, ahead?: boolean): boolean {
    return this.#channel.send(text, undefined, ahead ? "ahead" : true) !== -1;
  }

  #begin(exchange: Exchange, { signal, timeoutMs = NEVER, traceparent }: CallOptions): void {
    const enders: (() => void)[] = [];
    exchange.end = () => {
      for (const end of enders) end();
      exchange.source?.stop();
    };
    try {
      if (!(timeoutMs > 0)) throw new GlueError("invalid_argument", `timeoutMs is ${timeoutMs}`);
      enders.push(onAbort(signal, (error) => this.#end(exchange, error, true)));
      if (timeoutMs < NEVER) {
        const ms = Math.min(timeoutMs, MAX_CREDIT);
        exchange.deadline = this.clock.now() + ms;
        enders.push(
          this.clock.after(ms, () => this.#end(exchange, new GlueError("deadline_exceeded", "timed out"))),
        );
      }
      if (isTraceparent(traceparent)) exchange.trace = traceparent;
      this.sync();
      if (this.#session) this.#request(exchange);
      else this.#enqueue(exchange);
    } catch (error) {
      this.#fail(exchange, GlueError.from(error));
    }
  }

  #request(exchange: Exchange): void {
    const { method, args, credit, deadline, trace } = exchange;
    this.#check(method);
    this.#inFlight.add(exchange);
    const timeout = deadline && Math.max(1, Math.ceil(deadline - this.clock.now()));
    const params = { credit, timeout, trace };
    if (this.#send(encodeEnvelope({ kind: "request", id: exchange.id, params, method, body: args }))) return;
    this.#inFlight.remove(exchange);
    this.#fail(exchange, tooMuch(method));
  }

  #enqueue(entry: Exchange | string): void {
    if (this.#socket.isClosed?.() ?? this.#ended) throw this.#unavailable("not_sent");
    if (!this.#queue.push(entry)) throw new GlueError("resource_exhausted", "too many calls wait");
  }

  #unavailable(outcome: "not_sent" | "unknown"): GlueError {
    return new GlueError("unavailable", "connection lost", { data: { outcome }, cause: this.#cause });
  }

  #dropQueue(): void {
    for (const entry of this.#queue.drain()) {
      if (typeof entry !== "string") this.#fail(entry, this.#unavailable("not_sent"));
    }
  }

  /** Ends `exchange` here with an error that is its own from now on. */
  #fail(exchange: Exchange, error: GlueError, atOnce?: boolean): void {
    exchange.fail(Object.assign(error, { method: `${this.name}.${exchange.method}` }), atOnce);
  }

  /** The same, and at the server as well. */
  #end(exchange: Exchange, error: GlueError, atOnce?: boolean): void {
    this.#fail(exchange, error, atOnce);
    this.cancel(exchange);
  }

  #grant(exchange: Exchange, credit: number): void {
    this.sync();
    if (this.#inFlight.has(exchange)) {
      this.#send(encodeEnvelope({ kind: "credit", id: exchange.id, credit }), true);
    }
  }

  #receive(text: string): void {
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
          if (kind === "event") this.#events.emit(event, value as never);
          else this.#greet(value?.methods);
        } catch {
          this.faults++;
        }
        break;
      case "request":
      case "notification":
        if (this.callee) this.#note(this.callee.receive(envelope));
        else if (id) this.answer(id, '{"code":"unimplemented","message":"no handler"}', true);
        break;
      default:
        if (id % 2) this.#continue(envelope, id, body);
        else this.#note(kind === "cancel" && this.callee?.receive(envelope));
    }
  }

  /** Counts what made no sense. */
  #note(isSense: boolean | undefined): void {
    if (!isSense) this.faults++;
  }

  /** What the server says of an exchange of ours. */
  #continue({ kind, credit }: Envelope, id: number, body: string): void {
    const exchange = this.#inFlight.get(id);
    if (!exchange) {
      // What is late crossed our own cancellation; the rest was never asked for.
      this.#note(this.#inFlight.wasOpened(id));
      return;
    }
    exchange.heard = true;
    if (kind === "credit" || kind === "cancel") {
      this.#note(exchange.source?.grant(credit));
    } else if (kind === "error") {
      this.#inFlight.remove(exchange);
      this.#fail(exchange, decodeError(body));
    } else {
      try {
        if (exchange.take(kind as AnswerKind, JSON.parse(body), body.length)) this.#inFlight.remove(exchange);
      } catch (cause) {
        this.#break(exchange, cause);
      }
    }
  }

  /** Ends what was answered with nonsense, if there is such an exchange. */
  #break(exchange: Exchange | undefined, cause?: unknown): void {
    this.faults++;
    if (!exchange) return;
    this.#end(exchange, new GlueError("internal", `malformed answer to ${exchange.method}`, { cause }));
  }

  /** The server has told of its methods: what has changed goes on no more. */
  #greet(methods: unknown): void {
    if (typeof methods !== "object") return;
    this.#theirs = methods as Readonly<Record<string, string>> | null;
    for (const exchange of this.#inFlight.drain()) {
      try {
        this.#check(exchange.method);
      } catch (error) {
        this.#end(exchange, error as GlueError);
      }
    }
  }

  /** Throws if the server's method is another one. */
  #check(method: string): void {
    const client = this.#contract.methods?.[method];
    const server = this.#theirs?.[method] ?? null;
    if (this.#theirs && client && client !== server)
      throw new GlueError("stale_client", `${method} has changed`, { data: { method, client, server } });
  }
}

function encodeArgs(method: string, args: object): string {
  return encodeJson(`arguments of ${method}`, args);
}

function decodeError(body: string): GlueError {
  try {
    const { code, message, data } = decodeErrorBody(JSON.parse(body));
    return new GlueError(code, message, { data });
  } catch (cause) {
    return new GlueError("internal", "malformed error", { cause });
  }
}

/** Longer than the server takes, or more than may wait here. */
export function tooMuch(method: string): GlueError {
  return new GlueError("resource_exhausted", `${method}: too much to send`);
}
