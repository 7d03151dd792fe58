import type { Clock } from "../clock.js";
import type { GlueError } from "../errors.js";
import { Session, type SessionEvent } from "../session/session.js";
import type { Transport } from "../transport/transport.js";
import { WebSocketTransport } from "../transport/websocket.js";
import type { ResolvedOptions } from "./options.js";

/** What a link tells its socket. */
export interface LinkHandler {
  isChannel(name: string): boolean;
  onEvent(event: SessionEvent): void;
  /** The transport is gone. */
  onClose(error?: GlueError): void;
}

/**
 * One attempt and what becomes of it: a transport and the session over it. It moves texts between the two,
 * is the only reader of the clock, and falls silent once closed.
 */
export class Link {
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #handler: LinkHandler;
  #closed = false;
  #cancelTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: ResolvedOptions, handler: LinkHandler) {
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

  open(): void {
    this.#transport.open({
      onOpen: () => this.#run((now) => this.#session.handleOpen(now)),
      onText: (text) => this.#run((now) => this.#session.handleText(text, now)),
      onClose: (error) => {
        if (!this.#closed) this.#handler.onClose(error);
      },
    });
    this.#pump();
  }

  send(name: string, data: string): void {
    this.#session.send(name, data);
    this.#flush();
  }

  /** Says goodbye and ends it; nothing is reported any more. */
  close(): void {
    if (this.#closed) return;
    this.#session.close();
    this.#flush();
    this.#closed = true;
    this.#cancelTimer?.();
    this.#transport.close();
  }

  #run(step: (now: number) => void): void {
    if (this.#closed) return;
    step(this.#clock.now());
    this.#pump();
  }

  #pump(): void {
    if (this.#closed) return;
    this.#flush();
    for (let event = this.#session.pollEvent(); event; event = this.#session.pollEvent()) {
      this.#handler.onEvent(event);
      if (this.#closed) return;
    }
    this.#arm();
  }

  #flush(): void {
    for (let text = this.#session.pollText(); text !== undefined; text = this.#session.pollText()) {
      this.#transport.send(text);
    }
  }

  /** Deadlines mostly move away, so a timer that is set already is left alone: it fires early and looks again. */
  #arm(): void {
    const at = this.#session.pollTimeout();
    if (at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer?.();
    this.#timerAt = at;
    this.#cancelTimer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#run((now) => this.#session.handleTimeout(now, this.#transport.unsent));
    });
  }
}

/** The only place that chooses; a second kind of transport comes in here. */
function chooseTransport({ url, WebSocket }: ResolvedOptions): Transport {
  return new WebSocketTransport(WebSocket, `${url.replace(/^http/, "ws")}ws`);
}
