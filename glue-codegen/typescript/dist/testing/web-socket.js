import { Link } from "./link.js";
const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
/** A WebSocket in memory: the client's end. */
export class MemoryWebSocket {
    url;
    binaryType = "blob";
    readyState = CONNECTING;
    onopen = null;
    onmessage = null;
    onerror = null;
    onclose = null;
    /** Bytes that wait to be sent, which they do while the link is stalled. */
    bufferedAmount = 0;
    #wire;
    #link;
    constructor(url) {
        this.url = url;
    }
    send(data) {
        if (this.readyState === CONNECTING)
            throw new DOMException("still connecting", "InvalidStateError");
        const wire = this.#wire;
        if (this.readyState !== OPEN || !wire)
            return;
        // Lone surrogates become what UTF-8 makes of them.
        const bytes = new TextEncoder().encode(data);
        const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
        const held = wire.isStalled ? bytes.length : 0;
        this.bufferedAmount += held;
        wire.carry("toServer", () => {
            this.bufferedAmount -= held;
            this.#link?.take(text);
        });
    }
    close(code) {
        const wasConnecting = this.readyState === CONNECTING;
        if (this.readyState >= CLOSING)
            return;
        this.readyState = CLOSING;
        if (wasConnecting) {
            this.#wire?.lose();
            queueMicrotask(() => this.fail());
            return;
        }
        this.#wire?.carry("toServer", () => {
            this.#link?.closedByClient(code);
            this.#wire?.carry("toClient", () => this.finish(code));
        });
    }
    /** @internal */
    connect(wire, arrivals, accept) {
        this.#wire = wire;
        wire.carry("toServer", () => {
            const decision = arrivals();
            if (decision === "admit") {
                wire.carry("toClient", () => this.#open());
                // Behind that, as it may speak at once.
                this.#link = accept();
            }
            else if (decision === "refuse") {
                wire.carry("toClient", () => this.fail());
            }
        });
    }
    /** @internal */
    deliver(data) {
        if (this.readyState === OPEN)
            this.onmessage?.({ data });
    }
    /** @internal */
    finish(code = 1005) {
        if (this.readyState === CLOSED)
            return;
        this.readyState = CLOSED;
        this.onclose?.({ code, reason: "", wasClean: true });
    }
    /** @internal */
    fail() {
        if (this.readyState === CLOSED)
            return;
        this.readyState = CLOSED;
        this.onerror?.({});
        this.onclose?.({ code: 1006, reason: "", wasClean: false });
    }
    #open() {
        if (this.readyState !== CONNECTING)
            return;
        this.readyState = OPEN;
        this.onopen?.({});
    }
}
/** The server's end of a {@link MemoryWebSocket}. */
export class WebSocketLink extends Link {
    type = "WebSocket";
    #socket;
    constructor(socket, settings) {
        super(settings);
        this.#socket = socket;
    }
    /** @internal */
    take(message) {
        this.receive(message);
    }
    /** @internal */
    closedByClient(code) {
        this.isFinal = code === 1000 || code === 1001;
        this.end("client");
    }
    transmit(message) {
        this.wire.carry("toClient", () => this.#socket.deliver(message));
    }
    finish(code) {
        this.wire.carry("toClient", () => this.#socket.finish(code));
    }
    breakOff() {
        queueMicrotask(() => this.#socket.fail());
    }
}
