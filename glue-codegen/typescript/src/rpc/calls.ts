import { onAbort } from "../abort.js";
import { type Clock, systemClock } from "../clock.js";
import { Emitter, type Unsubscribe } from "../emitter.js";
import { GlueError } from "../errors.js";
import { decodeErrorBody } from "../proto/code.js";
import { decodeEnvelope, type Envelope, encodeEnvelope } from "../proto/envelope.js";
import { MAX_CREDIT, MAX_QUEUED, MAX_QUEUED_TEXT, NEVER } from "../proto/limits.js";
import type { Exchange, Source } from "./exchange.js";
import { encodeJson } from "./json.js";
import { type CallOptions, EVENTS, type RpcChannel, type RpcContract, type RpcSocket } from "./options.js";
import { read } from "./stream.js";

/** What answers the calls of the server. */
export interface Callee {
  /** Takes a request, a notification, or the cancel of a request; returns whether it makes sense. */
  receive(envelope: Envelope): boolean;
  /** The session has ended. */
  drop(): void;
}

/** Makes what sends the items of an exchange, or makes something else of the exchange; never throws. */
export type OpenSource = (calls: Calls, exchange: Exchange) => Source | undefined;

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
  /** Those that wait for a session, oldest first. */
  readonly #waiting = new Set<Exchange>();
  /** Those that are under way, by their number in this session. */
  readonly #inFlight = new Map<number | undefined, Exchange>();
  /** The last number that was given out: ours are odd and rise. */
  #last = -1;
  /** How many were begun. */
  #begun = 0;
  /** The socket's ID in the session that was greeted; empty if there is none. */
  #session = "";
  /** What the server says of its methods, if they are others than ours. */
  #theirs: unknown;
  #ended = false;
  /** What went wrong with the socket last. */
  #cause: unknown;

  /** Those of the channel `name` of `socket`; the same object for the same two. */
  static of(socket: RpcSocket, name: string, contract: RpcContract = {}): Calls {
    const byName = OPEN.get(socket) ?? new Map<string, Calls>();
    const calls = byName.get(name) ?? new Calls(socket, name, contract);
    OPEN.set(socket, byName.set(name, calls));
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
        if (event === "connected") this.#cause = undefined;
        else if (argument) this.#cause = argument;
        this.sync();
        // A listener may have revived the socket before this one was told.
        this.#ended = socket.isClosed?.() ?? event === "disconnected";
        if (this.#ended) this.#lose(drain(this.#waiting));
      });
    }
    this.sync();
  }

  /** `open` makes what sends items of ours, if the method takes some. */
  call(method: string, args: object, options: CallOptions, open?: OpenSource): Promise<unknown> {
    return new Promise((resolve, fail) => {
      const exchange: Exchange = {
        method,
        args: this.#encode(method, args),
        take(kind, value) {
          if (kind !== "ok") throw new Error("unexpected answer");
          resolve(value);
          return true;
        },
        fail,
      };
      this.begin(exchange, options, open);
    });
  }

  notification(method: string, args: object, { traceparent }: CallOptions): void {
    let failure: unknown;
    const exchange: Exchange = {
      method,
      args: this.#encode(method, args),
      // What becomes of one that waits is of no interest to anybody.
      fail(error) {
        failure = error;
      },
    };
    this.begin(exchange, { traceparent });
    if (failure) throw failure;
  }

  /** `open` is asked at each iteration. */
  stream(method: string, args: object, options: CallOptions, open?: OpenSource): AsyncIterable<unknown> {
    const text = this.#encode(method, args);
    return {
      [Symbol.asyncIterator]: () =>
        read(this, method, text, (exchange) => this.begin(exchange, options, open)),
    };
  }

  /** Listens to the server's events. */
  on<T>(event: string, listener: (event: T) => void): Unsubscribe {
    return this.#events.add(event, listener as (event: never) => void);
  }

  /** Starts `exchange`, now or with the next session; fails it if neither can be. */
  begin(
    exchange: Exchange,
    { signal, timeoutMs = NEVER, traceparent }: CallOptions,
    open?: OpenSource,
  ): void {
    const enders: (() => void)[] = [];
    exchange.order = this.#begun++;
    exchange.end = () => {
      for (const end of enders) end();
      exchange.source?.stop();
    };
    exchange.source = open?.(this, exchange);
    try {
      if (!(timeoutMs > 0)) throw new GlueError("invalid_argument", `timeoutMs is ${timeoutMs}`);
      enders.push(onAbort(signal, (error) => this.end(exchange, error, true)));
      if (timeoutMs < NEVER) {
        const ms = Math.min(timeoutMs, MAX_CREDIT);
        exchange.deadline = this.clock.now() + ms;
        enders.push(
          this.clock.after(ms, () => this.end(exchange, new GlueError("deadline_exceeded", "timed out"))),
        );
      }
      exchange.trace = traceparent && encodeURIComponent(traceparent);
      this.sync();
      if (this.#session && !this.#socket.isLeaving?.()) this.#request(exchange);
      else if (this.#socket.isClosed?.() ?? this.#ended) throw this.#unavailable(exchange);
      else this.#wait(exchange);
    } catch (error) {
      this.#fail(exchange, GlueError.from(error));
    }
  }

  /** Comes after the exchange has ended here: sending may fail, with a socket that isn't ours even throw. */
  cancel(exchange: Exchange): void {
    exchange.end?.();
    this.#waiting.delete(exchange);
    const { id, heard } = exchange;
    // Ahead of its own request it would mean nothing.
    if (this.isOpen(exchange) && this.#inFlight.delete(id)) this.send({ kind: "cancel", id }, heard);
  }

  /** Whether it is under way. Its number alone doesn't say so: each session counts anew. */
  isOpen(exchange: Exchange): boolean {
    this.sync();
    return this.#inFlight.get(exchange.id) === exchange;
  }

  /** Returns whether it is on its way; it belongs to this session. */
  send(envelope: Envelope, isAhead?: boolean, discarded?: () => void): boolean {
    return this.#channel.send(encodeEnvelope(envelope), discarded, isAhead ? "ahead" : true) !== -1;
  }

  /** The error of a method or an event that has changed since the client's code was generated. */
  stale(name: string): GlueError | undefined {
    return this.#contract.stale?.(name, this.#theirs);
  }

  /** Notices that the session has changed: everything that touches it asks here first. */
  sync(): void {
    const session = this.#socket.socketID();
    if (session === this.#session) return;
    this.#session = session;
    this.#theirs = undefined;
    const lost = drain(this.#inFlight).filter((exchange) => !exchange.again?.(this.#waiting));
    this.#last = -1;
    if (session) {
      this.send({ kind: "hello", body: JSON.stringify({ schema: this.#contract.schema, peer: PEER }) });
      // Those that are sent again were begun first. One by one: what becomes of one may take out another.
      const due = [...this.#waiting].sort((one, other) => (one.order as number) - (other.order as number));
      for (const exchange of due) if (this.#waiting.has(exchange)) this.#request(exchange);
    }
    // Last, as it runs the application's code: sources and handlers that are told may make calls, which belong behind that.
    this.#lose(lost);
    this.callee?.drop();
  }

  #wait(exchange: Exchange): void {
    let size = 0;
    for (const { method, args } of this.#waiting.add(exchange)) size += method.length + args.length;
    if (this.#waiting.size <= MAX_QUEUED && size <= MAX_QUEUED_TEXT) return;
    this.#waiting.delete(exchange);
    throw tooMuch();
  }

  #request(exchange: Exchange): void {
    this.#waiting.delete(exchange);
    const { method, args, credit, deadline, trace, take, id } = exchange;
    let error = this.stale(method);
    if (!error) {
      if (take) {
        this.#last += 2;
        exchange.id = this.#last;
        this.#inFlight.set(this.#last, exchange);
      }
      const timeout = deadline && Math.max(1, Math.ceil(deadline - this.clock.now()));
      const params = { credit, timeout, trace };
      const kind = take ? "request" : "notification";
      const own = exchange.id;
      // It has not left with the session that has ended: it is as it was.
      const discarded = (): void => {
        if (this.#socket.socketID() === this.#session || (take && !this.#inFlight.delete(own))) return;
        exchange.id = id;
        this.#waiting.add(exchange);
      };
      if (this.send({ kind, id: own, params, method, body: args }, false, discarded)) return;
      this.#inFlight.delete(exchange.id);
      error = tooMuch();
    }
    this.#fail(exchange, error);
  }

  #unavailable({ id }: Exchange): GlueError {
    const outcome = id ? "unknown" : "not_sent";
    return new GlueError("unavailable", "connection lost", { data: { outcome }, cause: this.#cause });
  }

  #lose(exchanges: readonly Exchange[]): void {
    for (const exchange of exchanges) this.#fail(exchange, this.#unavailable(exchange));
  }

  /** Ends `exchange` here with an error that is its own from now on. */
  #fail(exchange: Exchange, error: GlueError, atOnce?: boolean): void {
    exchange.end?.();
    exchange.fail(Object.assign(error, { method: `${this.name}.${exchange.method}` }), atOnce);
  }

  /** Ends `exchange` with an error that is its own from now on, here and at the server. */
  end(exchange: Exchange, error: GlueError, atOnce?: boolean): void {
    this.#fail(exchange, error, atOnce);
    this.cancel(exchange);
  }

  #receive(text: string): void {
    this.sync();
    const envelope = decodeEnvelope(text);
    // An answer that can't be read is one all the same, and nothing else is.
    const id = envelope?.id ?? Number(/^(?:ok|er|it|en)(\d+)/.exec(text)?.[1]);
    const exchange = this.#inFlight.get(id);
    try {
      if (!envelope) throw new Error("unexpected answer");
      if (!this.#route(envelope, exchange)) this.faults++;
    } catch (cause) {
      this.faults++;
      if (exchange) this.end(exchange, new GlueError("internal", "malformed answer", { cause }));
    }
  }

  /** Returns whether it made sense; throws where it was to be an answer. */
  #route(envelope: Envelope, exchange: Exchange | undefined): boolean | undefined {
    const { kind, id = 0, event = "", credit, body = "null" } = envelope;
    const isOurs = id % 2 === 1;
    const isNotification = kind === "notification";
    if (kind === "request" || isNotification || (kind === "cancel" && !isOurs)) {
      if (this.callee) return this.callee.receive(envelope);
      const isCall = kind === "request" && !isOurs;
      if (isCall) this.send({ kind: "error", id, body: '{"code":"unimplemented","message":"no handler"}' });
      return isCall || isNotification;
    }
    if (kind === "hello") this.#greet(JSON.parse(body));
    // Listeners throw elsewhere.
    else if (kind === "event") {
      // Its value may be of another type than the application takes it for.
      if (!this.stale(event)) this.#events.emit(event, JSON.parse(body) as never);
    }
    // What is late crossed our own cancellation; the rest was never asked for.
    else if (!exchange) return isOurs && id <= this.#last;
    else {
      exchange.heard = true;
      if (kind === "credit" || kind === "cancel") return exchange.source?.grant(credit);
      // Whatever it holds, the server has ended it.
      if (kind === "error") this.#inFlight.delete(id);
      const value = JSON.parse(body);
      if (kind === "error") this.#fail(exchange, GlueError.of(decodeErrorBody(value)));
      else if (exchange.take?.(kind, value, body.length)) {
        this.#inFlight.delete(id);
        exchange.end?.();
      }
    }
    return true;
  }

  #encode(method: string, args: object): string {
    return encodeJson(`arguments of ${method}`, args, `${this.name}.${method}`);
  }

  /** The server has told of its methods: what has changed goes on no more. */
  #greet(hello: { readonly methods?: unknown } | null): void {
    this.#theirs = hello?.methods;
    for (const exchange of this.#inFlight.values()) {
      const error = this.stale(exchange.method);
      if (error) this.end(exchange, error);
    }
  }
}

/** Takes everything out. */
function drain(exchanges: Set<Exchange> | Map<unknown, Exchange>): readonly Exchange[] {
  const drained = [...exchanges.values()];
  exchanges.clear();
  return drained;
}

/** Longer than the server takes, or more than may wait here. */
export function tooMuch(): GlueError {
  return new GlueError("resource_exhausted", "too much to send");
}
