import { glue, type Socket } from "../../src/client/client.js";
import type { SocketOptions } from "../../src/client/options.js";
import type { WebSocketLike } from "../../src/transport/websocket.js";
import { FakeClock } from "./fake-clock.js";

/** A WebSocket whose other end is the test. */
export class FakeWebSocket implements WebSocketLike {
  binaryType = "blob";
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  readonly url: string;
  /** What the client sent and {@link take} didn't return yet. */
  sent: string[] = [];
  closed = false;
  /** Whether sending throws. */
  broken = false;
  bufferedAmount = 0;

  constructor(url: string) {
    this.url = url;
  }

  send(data: string): void {
    if (this.broken) throw new Error("InvalidStateError");
    if (!this.closed) this.sent.push(data);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.({} as never);
  }

  receive(data: string | ArrayBuffer): void {
    this.onmessage?.({ data } as never);
  }

  fail(): void {
    this.onerror?.({} as never);
    this.lose(1006);
  }

  lose(code = 1005): void {
    this.closed = true;
    this.onclose?.({ code, wasClean: code !== 1006 } as never);
  }

  take(): string[] {
    const sent = this.sent;
    this.sent = [];
    return sent;
  }
}

/** Plays the server, and the network to it, for one client in virtual time. */
export class World {
  readonly clock = new FakeClock();
  readonly links: FakeWebSocket[] = [];
  readonly events: string[] = [];
  readonly socket: Socket;

  /** Delays are not random here: each takes its full length. There is nothing but WebSocket, unless asked for. */
  constructor(options: SocketOptions = {}) {
    const { clock, links } = this;
    class WebSocket extends FakeWebSocket {
      constructor(url: string) {
        super(url);
        links.push(this);
      }
    }
    this.socket = glue("http://host:1", {
      clock,
      WebSocket,
      random: () => 1,
      forceSocketType: "WebSocket",
      ...options,
    });
    for (const event of EVENTS) this.socket.on(event, () => this.events.push(event));
  }

  /** The WebSocket of the last attempt. */
  get link(): FakeWebSocket {
    const link = this.links.at(-1);
    if (!link) throw new Error("no attempt was made");
    return link;
  }

  /** Lets the attempt that is due succeed, and forgets what was sent for it; `more` stands in the server's `in`. */
  accept(more: object = {}): FakeWebSocket {
    this.link.open();
    this.link.take();
    this.link.receive(`in${JSON.stringify({ socketID: `S${this.links.length}`, ...more })}`);
    return this.link;
  }

  /** From the start to a session. */
  connect(more: object = {}): FakeWebSocket {
    this.clock.advance(0);
    return this.accept(more);
  }

  takeEvents(): string[] {
    return this.events.splice(0);
  }
}

const EVENTS = [
  "connecting",
  "reconnecting",
  "connected",
  "disconnected",
  "error",
  "timeout",
  "connect_timeout",
  "discard_send_buffer",
] as const;
