import { Emitter, guarded } from "../emitter.js";
import { GlueError } from "../errors.js";
import { VERSION } from "../proto/init.js";
import { Outbox } from "../session/outbox.js";
import { Backoff } from "./backoff.js";
import { Channel } from "./channel.js";
import { Link } from "./connector.js";
import { resolveOptions } from "./options.js";
/** The name of the main channel. */
const MAIN = "m";
/**
 * Opens a socket to the Glue server at `host`, by default the page's own. Listeners can be attached before
 * anything happens: the first attempt starts in a later turn of the event loop.
 *
 * @throws {GlueError} `invalid_argument` if `host` isn't `http://…` or `https://…`, or there is no WebSocket.
 */
export function glue(host, options = {}) {
    return new Socket(resolveOptions(host, options));
}
/** A connection to a server that is opened again when it is lost. */
export class Socket {
    #options;
    #backoff;
    #emitter = new Emitter();
    #channels = new Map();
    #outbox = new Outbox();
    #state = "disconnected";
    #socketId = "";
    /** No attempt is under way or will be. */
    #closed = false;
    #dontReconnect = false;
    #link;
    #cancelAttempt;
    #cancelDiscard;
    /** The send buffer was given up; nothing is taken until the next connection. */
    #discarding = false;
    /** @internal */
    constructor(options) {
        this.#options = options;
        this.#backoff = new Backoff(options, options.random);
        this.channel(MAIN);
        this.#cancelAttempt = options.clock.after(0, () => {
            this.#state = "connecting";
            this.#emit("connecting");
            // A listener may have closed the socket, and even revived it.
            if (this.#state === "connecting")
                this.#attempt();
        });
    }
    /** The version of the protocol. */
    version() {
        return VERSION;
    }
    /** The kind of transport. */
    type() {
        return "WebSocket";
    }
    state() {
        return this.#state;
    }
    /** Whether it is over: no connection, and no attempt to come. Only {@link reconnect} changes that. */
    isClosed() {
        return this.#closed;
    }
    /** The server's name for this session; empty unless connected. */
    socketID() {
        return this.#socketId;
    }
    /** The channel `name`, always the same object. */
    channel(name) {
        let channel = this.#channels.get(name);
        if (!channel) {
            if (!name)
                throw new GlueError("invalid_argument", "empty channel name");
            channel = new Channel((data, discarded) => this.#send(name, data, discarded));
            this.#channels.set(name, channel);
        }
        return channel;
    }
    /** Sends on the main channel; see {@link Channel.send}. */
    send(data, discarded) {
        return this.#send(MAIN, data, discarded);
    }
    /** Sets the listener of the main channel. */
    onMessage(listener) {
        this.channel(MAIN).onMessage(listener);
    }
    on(event, listener) {
        return this.#emitter.add(event, listener);
    }
    once(event, listener) {
        return this.#emitter.add(event, listener, true);
    }
    off(event, listener) {
        this.#emitter.remove(event, listener);
    }
    /** Tries again after the end; ignored while connected or on the way there. */
    reconnect() {
        if (!this.#closed)
            return;
        this.#closed = this.#dontReconnect = false;
        this.#backoff.reset();
        // Asked for, so it is tried even where losses are final.
        this.#schedule(this.#backoff.next() ?? 0);
        this.#state = "reconnecting";
        this.#emit("reconnecting");
    }
    /** Ends the connection, or the attempts to get one, for good. */
    close() {
        if (this.#closed)
            return;
        this.#unlink();
        this.#finish();
        this.#emit("disconnected");
    }
    /** JavaScript may send what is no text: as in the original, nothing for nothing and the text of the rest. */
    #send(name, value, discarded) {
        if (value === undefined || value === null)
            return -1;
        const data = String(value);
        if (this.#socketId && this.#link) {
            this.#link.send(name, data);
            return 1;
        }
        if (!this.#discarding && this.#outbox.push({ name, data, discarded })) {
            this.#cancelDiscard ??= this.#options.clock.after(this.#options.resetSendBufferTimeout, () => this.#discard());
            return 0;
        }
        if (discarded)
            guarded(() => discarded(data));
        return -1;
    }
    #discard() {
        this.#cancelDiscard = undefined;
        this.#discarding = true;
        for (const { data, discarded } of this.#outbox.drain())
            if (discarded)
                guarded(() => discarded(data));
        this.#emit("discard_send_buffer");
    }
    #attempt() {
        this.#unlink();
        const link = new Link(this.#options, {
            isChannel: (name) => this.#channels.has(name),
            onEvent: (event) => this.#handle(event),
            onClose: (error) => this.#lost(error && "error", error),
        });
        this.#link = link;
        link.open();
    }
    #handle(event) {
        switch (event.kind) {
            case "data":
                this.#channels.get(event.name)?.deliver(event.data);
                break;
            case "open":
                this.#socketId = event.socketId;
                this.#state = "connected";
                this.#backoff.reset();
                this.#cancelDiscard?.();
                this.#cancelDiscard = undefined;
                this.#discarding = false;
                // Before the listeners: what they send is newer.
                for (const { name, data } of this.#outbox.drain())
                    this.#link?.send(name, data);
                this.#emit("connected");
                break;
            case "dont_reconnect":
                this.#dontReconnect = true;
                break;
            case "ended":
                if (event.reason === "timeout" || event.reason === "connect_timeout")
                    this.#lost(event.reason);
                else
                    this.#lost("error", new GlueError("unavailable", `unreadable server: ${event.reason}`));
        }
    }
    #lost(event, error) {
        this.#unlink();
        const delay = this.#options.reconnect && !this.#dontReconnect ? this.#backoff.next() : undefined;
        if (delay === undefined) {
            this.#finish();
        }
        else {
            this.#state = "reconnecting";
            this.#schedule(delay);
        }
        const state = this.#state;
        // Both before what their listeners cause, such as closing or reviving the socket.
        this.#emitter.inTurn(() => {
            if (event)
                this.#emitter.emit(event, error);
            this.#emit(state);
        });
    }
    #schedule(delay) {
        this.#cancelAttempt = this.#options.clock.after(delay, () => this.#attempt());
    }
    #unlink() {
        this.#link?.close();
        this.#link = undefined;
        this.#socketId = "";
    }
    #finish() {
        this.#cancelAttempt();
        this.#closed = true;
        this.#state = "disconnected";
    }
    #emit(event) {
        this.#emitter.emit(event, undefined);
    }
}
