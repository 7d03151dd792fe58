import type { WebSocketLike } from "../transport/websocket.js";
import type { Arrivals } from "./faults.js";
import { Link, type LinkSettings } from "./link.js";
import type { Wire } from "./wire.js";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** A WebSocket in memory: the client's end. */
export class MemoryWebSocket implements WebSocketLike {
  readonly url: string;
  binaryType = "blob";
  readyState: number = CONNECTING;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  /** Bytes that wait to be sent, which they do while the link is stalled. */
  bufferedAmount = 0;
  #wire: Wire | undefined;
  #link: WebSocketLink | undefined;

  constructor(url: string) {
    this.url = url;
  }

  send(data: string): void {
    if (this.readyState === CONNECTING) throw new DOMException("still connecting", "InvalidStateError");
    const wire = this.#wire;
    if (this.readyState !== OPEN || !wire) return;
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

  close(code?: number): void {
    const wasConnecting = this.readyState === CONNECTING;
    if (this.readyState >= CLOSING) return;
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
  connect(wire: Wire, arrivals: () => Arrivals, accept: () => WebSocketLink): void {
    this.#wire = wire;
    wire.carry("toServer", () => {
      const decision = arrivals();
      if (decision === "admit") {
        wire.carry("toClient", () => this.#open());
        // Behind that, as it may speak at once.
        this.#link = accept();
      } else if (decision === "refuse") {
        wire.carry("toClient", () => this.fail());
      }
    });
  }

  /** @internal */
  deliver(data: string | ArrayBuffer): void {
    if (this.readyState === OPEN) this.onmessage?.({ data } as never);
  }

  /** @internal */
  finish(code = 1005): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.onclose?.({ code, reason: "", wasClean: true } as never);
  }

  /** @internal */
  fail(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.onerror?.({} as never);
    this.onclose?.({ code: 1006, reason: "", wasClean: false } as never);
  }

  #open(): void {
    if (this.readyState !== CONNECTING) return;
    this.readyState = OPEN;
    this.onopen?.({} as never);
  }
}

/** The server's end of a {@link MemoryWebSocket}. */
export class WebSocketLink extends Link {
  readonly type = "WebSocket";
  readonly #socket: MemoryWebSocket;

  constructor(socket: MemoryWebSocket, settings: LinkSettings) {
    super(settings);
    this.#socket = socket;
  }

  /** @internal */
  take(message: string): void {
    this.receive(message);
  }

  /** @internal */
  closedByClient(code: number | undefined): void {
    this.isFinal = code === 1000 || code === 1001;
    this.end("client");
  }

  protected override transmit(message: string | ArrayBuffer): void {
    this.wire.carry("toClient", () => this.#socket.deliver(message));
  }

  protected override finish(code?: number): void {
    this.wire.carry("toClient", () => this.#socket.finish(code));
  }

  protected override breakOff(): void {
    queueMicrotask(() => this.#socket.fail());
  }
}
