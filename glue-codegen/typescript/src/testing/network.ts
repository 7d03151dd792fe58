import type { Unsubscribe } from "../emitter.js";
import type { WebSocketConstructor } from "../transport/websocket.js";
import type { Authorize } from "./admission.js";
import { AjaxLink } from "./ajax-link.js";
import { type Arrivals, Faults } from "./faults.js";
import type { MemoryFetchInit, MemoryResponse } from "./http.js";
import type { LastingTerms } from "./lasting.js";
import type { Link, LinkSettings } from "./link.js";
import { ManualClock } from "./manual-clock.js";
import { MemoryFetch } from "./memory-fetch.js";
import { Peer } from "./peer.js";
import { seededRandom } from "./random.js";
import { MemoryWebSocket, WebSocketLink } from "./web-socket.js";
import type { Wire } from "./wire.js";

/** What a {@link MemoryNetwork} is to be like. */
export interface NetworkOptions {
  /** The clock. Default a new one. */
  readonly clock?: ManualClock;
  /** Where all that is drawn by lot begins; the same seed gives the same test. Default 1. */
  readonly seed?: number;
  /** Decides on each client that connects. Default: all are accepted. */
  readonly authorize?: Authorize;
  /** Bytes of the longest message that the server takes; a longer one ends the session. Default 1 MiB. */
  readonly limit?: number;
  /** Whether sessions outlive their connections, with clients that can do that. Default true. */
  readonly resume?: boolean;
  /** How long the server keeps a session that has no connection. Default 60 000. */
  readonly windowMs?: number;
  /** What each side keeps at most of what the other hasn't acknowledged, in bytes. Default 256 KiB. */
  readonly bufferBytes?: number;
  /**
   * Whether the server is an original one, of Glue 1.9.1, which has no containers, refuses without a reason, and whose sessions
   * end with their connections. Default false.
   */
  readonly original?: boolean;
}

/** What a socket needs to be on a {@link MemoryNetwork}. */
export interface MemoryOptions {
  readonly WebSocket: WebSocketConstructor;
  readonly fetch: (url: string, init?: MemoryFetchInit) => Promise<MemoryResponse>;
  readonly clock: ManualClock;
  readonly random: () => number;
}

/**
 * A network in memory, and the server at its other end: `glue("http://server", network.options)` connects to it, over
 * WebSockets as over Ajax. The test plays the server's side; nothing is random, and no time passes but by {@link clock}.
 */
export class MemoryNetwork {
  readonly clock: ManualClock;
  /** Spread these into the options of a socket. */
  readonly options: MemoryOptions;
  /** What is wrong with the network. */
  readonly faults: Faults;
  readonly #settings: Required<Pick<NetworkOptions, "authorize" | "limit" | "original">>;
  readonly #lasting: LastingTerms | undefined;
  readonly #fetch: MemoryFetch;
  /** Those that are open. */
  readonly #links = new Set<Link>();
  readonly #peers = new Map<string, Peer>();
  #unaccepted: Peer[] = [];
  #listeners: readonly ((peer: Peer) => void)[] = [];
  #onLink: ((link: Link) => void) | undefined;
  #names = 0;

  constructor(options: NetworkOptions = {}) {
    const { clock = new ManualClock(), seed = 1, resume = true, ...settings } = options;
    const { windowMs = 60_000, bufferBytes = 256 * 1024, original } = settings;
    this.clock = clock;
    this.#settings = { ...DEFAULTS, ...settings };
    this.#lasting = resume && !original ? { windowMs, bufferBytes } : undefined;
    this.faults = new Faults(
      clock,
      seededRandom(seed),
      () => this.#links,
      () => this.#fetch.breakOff(),
    );
    this.#fetch = new MemoryFetch(this.faults, ({ url }, wire) => this.#openAjax(url, wire));
    const connect = (socket: MemoryWebSocket): void => this.#connect(socket);
    this.options = {
      WebSocket: class extends MemoryWebSocket {
        constructor(url: string) {
          super(url);
          connect(this);
        }
      },
      fetch: (url, init) => this.#fetch.fetch(url, init),
      clock,
      random: seededRandom(~seed),
    };
  }

  /** The sessions that are open, with a connection or without, oldest first. */
  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /**
   * The next session that was accepted, each once. Virtual time passes until one is: this brings a new socket to its
   * session, and one whose session has ended to the next. One that goes on with its session is no new one.
   *
   * @throws Error if none is within `withinMs` milliseconds, by default a minute.
   */
  async accept(withinMs?: number): Promise<Peer> {
    await this.clock.until(() => this.#unaccepted.length > 0, "a session", withinMs);
    return this.#unaccepted.shift() as Peer;
  }

  /** Calls `listener` with each session, right after it was accepted, until the function that it returns is called. */
  onSocket(listener: (peer: Peer) => void): Unsubscribe {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /**
   * Gives each connection to `listener` instead of making a session of it: nothing is answered but by the listener. For
   * servers that don't keep to the protocol.
   */
  onLink(listener: (link: Link) => void): void {
    this.#onLink = listener;
  }

  /** Starts the server anew: connections break, sessions are forgotten. */
  restart(): void {
    for (const peer of this.peers) peer.forget();
    this.faults.cut();
  }

  #connect(socket: MemoryWebSocket): void {
    const wire = this.faults.newWire();
    const isEndpoint = /\/ws$/.test(new URL(socket.url).pathname);
    const arrivals = (): Arrivals => (isEndpoint ? this.faults.arrivals("WebSocket") : "refuse");
    socket.connect(wire, arrivals, () => this.#add(new WebSocketLink(socket, this.#link(socket.url, wire))));
  }

  #openAjax(url: string, wire: Wire): AjaxLink {
    const name = (length: number): string => String(++this.#names).padStart(length, "0");
    const settings = this.#link(url, wire);
    const breakRequests = (link: AjaxLink): void => this.#fetch.breakOff(link);
    return this.#add(new AjaxLink(name(10), this.clock, () => name(7), breakRequests, settings));
  }

  #link(url: string, wire: Wire): LinkSettings {
    const onEnd = (link: Link): void => {
      this.#links.delete(link);
    };
    return { url, wire, lifetime: this.faults.lifetime(), limit: this.#settings.limit, onEnd };
  }

  #add<L extends Link>(link: L): L {
    this.#links.add(link);
    if (this.#onLink) this.#onLink(link);
    else this.#serve(link);
    return link;
  }

  #serve(link: Link): void {
    const onOpen = (opened: Peer): void => {
      this.#peers.set(opened.socketId, opened);
      this.#unaccepted.push(opened);
      for (const listener of this.#listeners) listener(opened);
    };
    const socketId = `socket${String(++this.#names).padStart(14, "0")}`;
    new Peer(link, {
      ...this.#settings,
      socketId,
      clock: this.clock,
      lasting: this.#lasting,
      newToken: () => String(++this.#names).padStart(32, "0"),
      find: (name) => this.#peers.get(name as string),
      onOpen,
      onEnd: ({ socketId }) => this.#peers.delete(socketId),
    });
  }
}

const DEFAULTS = { authorize: () => undefined, limit: 1024 * 1024, original: false };
