import { AjaxLink } from "./ajax-link.js";
import { Faults } from "./faults.js";
import { ManualClock } from "./manual-clock.js";
import { MemoryFetch } from "./memory-fetch.js";
import { Peer } from "./peer.js";
import { seededRandom } from "./random.js";
import { MemoryWebSocket, WebSocketLink } from "./web-socket.js";
/**
 * A network in memory, and the server at its other end: `glue("http://server", network.options)` connects to it, over
 * WebSockets as over Ajax. The test plays the server's side; nothing is random, and no time passes but by {@link clock}.
 */
export class MemoryNetwork {
    clock;
    /** Spread these into the options of a socket. */
    options;
    /** What is wrong with the network. */
    faults;
    #settings;
    #lasting;
    #fetch;
    /** Those that are open. */
    #links = new Set();
    #peers = new Map();
    #unaccepted = [];
    #listeners = [];
    #onLink;
    #names = 0;
    constructor(options = {}) {
        const { clock = new ManualClock(), seed = 1, resume = true, ...settings } = options;
        const { windowMs = 60_000, bufferBytes = 256 * 1024, original } = settings;
        this.clock = clock;
        this.#settings = { ...DEFAULTS, ...settings };
        this.#lasting = resume && !original ? { windowMs, bufferBytes } : undefined;
        this.faults = new Faults(clock, seededRandom(seed), () => this.#links, () => this.#fetch.breakOff());
        this.#fetch = new MemoryFetch(this.faults, ({ url }, wire) => this.#openAjax(url, wire));
        const connect = (socket) => this.#connect(socket);
        this.options = {
            WebSocket: class extends MemoryWebSocket {
                constructor(url) {
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
    get peers() {
        return [...this.#peers.values()];
    }
    /**
     * The next session that was accepted, each once. Virtual time passes until one is: this brings a new socket to its
     * session, and one whose session has ended to the next. One that goes on with its session is no new one.
     *
     * @throws Error if none is within `withinMs` milliseconds, by default a minute.
     */
    async accept(withinMs) {
        await this.clock.until(() => this.#unaccepted.length > 0, "a session", withinMs);
        return this.#unaccepted.shift();
    }
    /** Calls `listener` with each session, right after it was accepted, until the function that it returns is called. */
    onSocket(listener) {
        this.#listeners = [...this.#listeners, listener];
        return () => {
            this.#listeners = this.#listeners.filter((other) => other !== listener);
        };
    }
    /**
     * Gives each connection to `listener` instead of making a session of it: nothing is answered but by the listener. For
     * servers that don't keep to the protocol.
     */
    onLink(listener) {
        this.#onLink = listener;
    }
    /** Starts the server anew: connections break, sessions are forgotten. */
    restart() {
        for (const peer of this.peers)
            peer.forget();
        this.faults.cut();
    }
    #connect(socket) {
        const wire = this.faults.newWire();
        const isEndpoint = /\/ws$/.test(new URL(socket.url).pathname);
        const arrivals = () => (isEndpoint ? this.faults.arrivals("WebSocket") : "refuse");
        socket.connect(wire, arrivals, () => this.#add(new WebSocketLink(socket, this.#link(socket.url, wire))));
    }
    #openAjax(url, wire) {
        const name = (length) => String(++this.#names).padStart(length, "0");
        const settings = this.#link(url, wire);
        const breakRequests = (link) => this.#fetch.breakOff(link);
        return this.#add(new AjaxLink(name(10), this.clock, () => name(7), breakRequests, settings));
    }
    #link(url, wire) {
        const onEnd = (link) => {
            this.#links.delete(link);
        };
        return { url, wire, lifetime: this.faults.lifetime(), limit: this.#settings.limit, onEnd };
    }
    #add(link) {
        this.#links.add(link);
        if (this.#onLink)
            this.#onLink(link);
        else
            this.#serve(link);
        return link;
    }
    #serve(link) {
        const onOpen = (opened) => {
            this.#peers.set(opened.socketId, opened);
            this.#unaccepted.push(opened);
            for (const listener of this.#listeners)
                listener(opened);
        };
        const socketId = `socket${String(++this.#names).padStart(14, "0")}`;
        new Peer(link, {
            ...this.#settings,
            socketId,
            clock: this.clock,
            lasting: this.#lasting,
            newToken: () => String(++this.#names).padStart(32, "0"),
            find: (name) => this.#peers.get(name),
            onOpen,
            onEnd: ({ socketId }) => this.#peers.delete(socketId),
        });
    }
}
const DEFAULTS = { authorize: () => undefined, limit: 1024 * 1024, original: false };
