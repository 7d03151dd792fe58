import { onAbort } from "../abort.js";
import { type Clock, systemClock } from "../clock.js";
import { Emitter, type Unsubscribe } from "../emitter.js";
import { GlueError } from "../errors.js";
import { type Code, decodeErrorBody } from "../proto/code.js";
import { decodeEnvelope, type Envelope, encodeEnvelope } from "../proto/envelope.js";
import { MAX_CREDIT, NEVER } from "../proto/limits.js";
import { type AnswerKind, type Exchange, InFlight, Queue } from "./in-flight.js";
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
  #theirs: Readonly<Record<string, string>> | undefined;
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
        this.#sync();
        // A listener may have revived the socket before this one was told.
        this.#ended = socket.isClosed?.() ?? event === "disconnected";
        if (this.#ended) this.#dropQueue();
      });
    }
    this.#sync();
  }

  /** `source` is what sends items of ours, if the method takes some. */
  call(method: string, args: object, options: CallOptions, source?: Exchange["source"]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const exchange: Exchange = {
        method,
        args: this.#encodeArgs(method, args),
        credit: undefined,
        id: 0,
        source,
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
      this.#begin(exchange, options);
    });
  }

  notify(method: string, args: object, options: CallOptions): void {
    const body = this.#encodeArgs(method, args);
    const text = encodeEnvelope({ kind: "notification", params: traced(options), method, body });
    this.#sync();
    if (!this.#session) this.#enqueue(text, method);
    else if (!this.#send(text)) throw this.#tooMuch(method);
  }

  /** `source` is asked at each iteration. */
  stream(
    method: string,
    args: object,
    options: CallOptions,
    source?: () => Exchange["source"],
  ): AsyncIterable<unknown> {
    const text = this.#encodeArgs(method, args);
    return {
      [Symbol.asyncIterator]: () =>
        new Reader(method, text, {
          start: (exchange) => {
            exchange.source = source?.();
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

  /** Sends something of `exchange`, if it is still open; returns whether it is on its way. */
  sendFor(exchange: Exchange, envelope: Envelope): boolean {
    this.#sync();
    return this.#inFlight.has(exchange) && this.#send(encodeEnvelope({ id: exchange.id, ...envelope }));
  }

  /** Comes after the exchange has ended here: sending may fail, with a socket that isn't ours even throw. */
  cancel(exchange: Exchange): void {
    this.#queue.remove(exchange);
    this.#sync();
    if (this.#inFlight.remove(exchange)) {
      const text = encodeEnvelope({ kind: "cancel", id: exchange.id });
      // Ahead of its own request it would mean nothing.
      this.#send(text, exchange.heard);
    }
  }

  /** Answers a call of the server; returns whether that is on its way. */
  answer(id: number, body: string): boolean {
    return this.#send(encodeEnvelope({ kind: "ok", id, body }));
  }

  /** Answers a call of the server with an error. */
  refuse(id: number, code: Code, message: string, data?: unknown): void {
    this.#send(encodeEnvelope({ kind: "error", id, body: JSON.stringify({ code, message, data }) }));
  }

  /** Notices that the session has changed: everything that touches it asks here first. */
  #sync(): void {
    const session = this.#socket.socketID();
    if (session === this.#session) return;
    this.#session = session;
    this.#theirs = undefined;
    const lost = this.#inFlight.drain();
    this.#inFlight = new InFlight();
    for (const exchange of lost) this.#lose(exchange, "unknown");
    this.callee?.drop();
    if (!session) return;
    const body = JSON.stringify({ schema: this.#contract.schema, peer: PEER });
    this.#send(encodeEnvelope({ kind: "hello", body }));
    for (const entry of this.#queue.drain()) {
      if (typeof entry === "string") this.#send(entry);
      else this.#request(entry);
    }
  }

  /** Returns whether it is on its way; it belongs to this session. */
  #send(text: string, ahead?: boolean): boolean {
    return this.#channel.send(text, undefined, ahead ? "ahead" : true) !== -1;
  }

  #begin(exchange: Exchange, options: CallOptions): void {
    const { signal, timeoutMs = NEVER } = options;
    let unlisten = (): void => {};
    let unwatch = (): void => {};
    exchange.end = () => {
      unlisten();
      unwatch();
      exchange.source?.stop();
    };
    const give = (code: Code, message: string, cause?: unknown): void => {
      this.#fail(exchange, code, message, { cause });
      this.cancel(exchange);
    };
    try {
      if (!(timeoutMs > 0)) throw new GlueError("invalid_argument", `timeoutMs is ${timeoutMs}`);
      unlisten = onAbort(signal, (error) => {
        this.#fail(exchange, error, true);
        this.cancel(exchange);
      });
      exchange.trace = ...;
      this.#sync();
      if (this.#session) this.#request(exchange);
      else this.#enqueue(exchange, exchange.method);
    } catch (error) {
      exchange.fail(error);
    }
  }
}
