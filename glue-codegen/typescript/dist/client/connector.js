import { GlueError } from "../errors.js";
import { encodeClientInit } from "../proto/init.js";
import { NEVER } from "../proto/limits.js";
import { Session } from "../session/session.js";
import { AjaxTransport } from "../transport/ajax.js";
import { WebSocketTransport } from "../transport/websocket.js";
import { openEither } from "./fallback.js";
/**
 * One attempt and what becomes of it: a transport and the session over it. It moves texts between the two,
 * is the only reader of the clock, and falls silent once closed.
 */
export class Link {
    #options;
    #clock;
    /** The one to use, and what is to be tried before it. */
    #transport;
    #first;
    #session;
    #outbox;
    #handler;
    #closed = false;
    #flushing = false;
    #cancelTimer;
    #cancelWait;
    #timerAt = NEVER;
    constructor(options, outbox, plan, handler) {
        this.#options = options;
        this.#clock = options.clock;
        this.#handler = handler;
        this.#outbox = outbox;
        [this.#transport, this.#first] = chooseTransports(options, plan);
        this.#session = new Session(options, outbox, (name) => handler.isChannel(name), this.#clock.now());
    }
    get type() {
        return this.#transport.type;
    }
    get unsent() {
        return this.#transport.unsent;
    }
    open() {
        const { auth } = this.#options;
        const ask = async () => this.#connect(typeof auth === "function" ? await auth() : auth);
        ask().catch((cause) => {
            if (!this.#closed)
                this.#handler.onClose(new GlueError("unauthenticated", "auth failed", { cause }));
        });
        this.#arm();
    }
    /** There is something to send. Where the server reads containers, all of this turn of the event loop goes in one. */
    wake() {
        if (!this.#session.batch) {
            this.#flush();
        }
        else if (!this.#flushing) {
            this.#flushing = true;
            queueMicrotask(() => {
                this.#flushing = false;
                this.#flush();
            });
        }
    }
    /** Says what is left to say and goodbye, and ends it; nothing is reported any more. */
    close(leaving) {
        this.#session.close();
        const rest = [];
        for (let text = this.#session.pollText(); text !== undefined; text = this.#session.pollText())
            rest.push(text);
        this.drop(rest, leaving);
    }
    /**
     * Ends it behind `rest`, or without a word if there is none, so that the session can go on over another; nothing is
     * reported any more.
     */
    drop(rest, leaving) {
        if (this.#closed)
            return;
        this.#closed = true;
        this.#cancelTimer?.();
        this.#cancelWait?.();
        this.#transport.close(rest, leaving);
        // Where it is the same one, it is closed already.
        this.#first?.close();
    }
    #connect(auth) {
        if (this.#closed)
            return;
        const { resume, reconnect } = this.#options;
        // The former link is dropped by now: nothing is taken in any more [U-12].
        const former = resume && reconnect ? (this.#outbox.former ?? {}) : undefined;
        const init = encodeClientInit({ auth, resume: former });
        const handler = {
            onOpen: () => this.#run((now) => this.#session.handleOpen(init, now, this.type === "AjaxSocket")),
            onText: (text) => this.#run((now) => this.#session.handleText(text, now)),
            onReady: () => this.#pump(),
            onLeave: () => {
                this.close(true);
                this.#handler.onClose();
            },
            onClose: (error) => this.#handler.onClose(error),
        };
        const second = this.#transport;
        if (!this.#first)
            second.open(handler);
        else {
            const wait = (task) => (this.#cancelWait = this.#clock.after(this.#options.connectTimeout / 3, task));
            openEither(this.#first, second, wait, handler, (transport) => {
                this.#transport = transport;
            });
        }
    }
    #run(step) {
        step(this.#clock.now());
        this.#pump();
    }
    #pump() {
        for (let event = this.#session.pollEvent(); event; event = this.#session.pollEvent()) {
            if (this.#closed)
                return;
            this.#handler.onEvent(event);
        }
        this.#flush();
        this.#arm();
    }
    #flush() {
        while (!this.#closed && this.#transport.ready) {
            const text = this.#session.pollText();
            if (text === undefined)
                return;
            this.#transport.send(text);
        }
    }
    /** Deadlines mostly move away, so a timer that is set already is left alone: it fires early and looks again. */
    #arm() {
        const at = this.#session.pollTimeout();
        if (this.#closed || at >= this.#timerAt || at === NEVER)
            return;
        this.#cancelTimer?.();
        this.#timerAt = at;
        this.#cancelTimer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
            this.#timerAt = NEVER;
            this.#run((now) => this.#session.handleTimeout(now, () => this.#transport.stalled()));
        });
    }
}
/** The only place that chooses: the transport to use, and one to try before it. */
function chooseTransports(options, plan) {
    const { url, WebSocket, fetch, forceSocketType } = options;
    const webSocket = WebSocket && forceSocketType !== "AjaxSocket"
        ? new WebSocketTransport(() => new WebSocket(`${url.replace(/^http/, "ws")}ws`))
        : undefined;
    if (webSocket && (!plan || !fetch || forceSocketType))
        return [webSocket, undefined];
    return [new AjaxTransport(`${url}ajax`, fetch, options.clock), plan < 2 ? webSocket : undefined];
}
