import { Session } from "../session/session.js";
import { WebSocketTransport } from "../transport/websocket.js";
/**
 * One attempt and what becomes of it: a transport and the session over it. It moves texts between the two,
 * is the only reader of the clock, and falls silent once closed.
 */
export class Link {
    #clock;
    #transport;
    #session;
    #handler;
    #closed = false;
    #cancelTimer;
    #timerAt = Number.POSITIVE_INFINITY;
    constructor(options, handler) {
        this.#clock = options.clock;
        this.#handler = handler;
        this.#transport = chooseTransport(options);
        const times = {
            connectTimeout: options.connectTimeout,
            pingInterval: options.pingInterval,
            pingTimeout: options.pingReconnectTimeout,
        };
        this.#session = new Session(times, (name) => handler.isChannel(name), this.#clock.now());
    }
    open() {
        this.#transport.open({
            onOpen: () => this.#run((now) => this.#session.handleOpen(now)),
            onText: (text) => this.#run((now) => this.#session.handleText(text, now)),
            onClose: (error) => {
                if (!this.#closed)
                    this.#handler.onClose(error);
            },
        });
        this.#pump();
    }
    send(name, data) {
        this.#session.send(name, data);
        this.#flush();
    }
    /** Says goodbye and ends it; nothing is reported any more. */
    close() {
        if (this.#closed)
            return;
        this.#session.close();
        this.#flush();
        this.#closed = true;
        this.#cancelTimer?.();
        this.#transport.close();
    }
    #run(step) {
        if (this.#closed)
            return;
        step(this.#clock.now());
        this.#pump();
    }
    #pump() {
        if (this.#closed)
            return;
        this.#flush();
        for (let event = this.#session.pollEvent(); event; event = this.#session.pollEvent()) {
            this.#handler.onEvent(event);
            if (this.#closed)
                return;
        }
        this.#arm();
    }
    #flush() {
        for (let text = this.#session.pollText(); text !== undefined; text = this.#session.pollText()) {
            this.#transport.send(text);
        }
    }
    /** Deadlines mostly move away, so a timer that is set already is left alone: it fires early and looks again. */
    #arm() {
        const at = this.#session.pollTimeout();
        if (at >= this.#timerAt || at === Number.POSITIVE_INFINITY)
            return;
        this.#cancelTimer?.();
        this.#timerAt = at;
        this.#cancelTimer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
            this.#timerAt = Number.POSITIVE_INFINITY;
            this.#run((now) => this.#session.handleTimeout(now, this.#transport.unsent));
        });
    }
}
/** The only place that chooses; a second kind of transport comes in here. */
function chooseTransport({ url, WebSocket }) {
    return new WebSocketTransport(WebSocket, `${url.replace(/^http/, "ws")}ws`);
}
