import { onAbort } from "../abort.js";
import type { Clock } from "../clock.js";
import { Emitter, guarded, type Unsubscribe } from "../emitter.js";
import { GlueError } from "../errors.js";
import { encodeFrame } from "../proto/frame.js";
import { VERSION } from "../proto/init.js";
import { encodePair } from "../proto/pair.js";
import { Outbox, type Waiting } from "../session/outbox.js";
import type { SessionEvent } from "../session/session.js";
import type { SocketType } from "../transport/transport.js";
import { Backoff } from "./backoff.js";
import { Channel, type DiscardCallback, type SendResult } from "./channel.js";
import { Link, type Plan } from "./connector.js";
import { type ResolvedOptions, resolveOptions, type SocketOptions } from "./options.js";

/** Where a socket stands. It changes at the moment of a loss, not with the next attempt. */
export type SocketState = "disconnected" | "connecting" | "connected" | "reconnecting";

/** The events of a socket and what their listeners get. */
export interface SocketEvents {
  /** The first attempt starts. */
  readonly connecting: undefined;
  /** The connection, or an attempt, was lost; another attempt follows after a delay. Or it took too long, and the session is lost. */
  readonly reconnecting: undefined;
  /** The server accepted the session, or goes on with it; what waited in the send buffer is on its way already. */
  readonly connected: { readonly isResumed: boolean };
  /** Final, until {@link Socket.reconnect}: closed, given up, or told by the server not to come back. */
  readonly disconnected: undefined;
  /** The transport or the server failed; what follows is `reconnecting` or `disconnected`. */
  readonly error: GlueError;
  /** The server showed no sign of life in time. */
  readonly timeout: undefined;
  /** No session came about in time. */
  readonly connect_timeout: undefined;
  /** Data that waited too long for a connection was thrown away. */
  readonly discard_send_buffer: undefined;
}

/** The name of the main channel. */
const MAIN = "m";

/**
 * Opens a socket to the Glue server at `host`, by default the page's own. Listeners can be attached before
 * anything happens: the first attempt starts in a later turn of the event loop.
 *
 * @throws {GlueError} `invalid_argument` if `host` isn't `http://…` or `https://…`, or a WebSocket is forced and
 * there is none; without force Ajax is used then.
 */
export function glue(host?: string, options: SocketOptions = {}): Socket {
  return new Socket(resolveOptions(host, options));
}

/** A connection to a server that is opened again when it is lost. */
export class Socket {
  /** @internal */
  readonly clock: Clock;
  readonly #options: ResolvedOptions;
  readonly #backoff: Backoff;
  readonly #emitter = new Emitter<SocketEvents>();
  readonly #channels = new Map<string, Channel>();
  readonly #outbox = new Outbox();
  #state: SocketState = "disconnected";
  /** No attempt is under way or will be. */
  #closed = false;
  #dontReconnect = false;
  #type: SocketType;
  #plan: Plan = 0;
  /** Why the server has refused us. */
  #refusal: GlueError | undefined;
  /** What went wrong last. */
  #error: GlueError | undefined;
  #link: Link | undefined;
  #cancelAttempt: () => void;
  #cancelDiscard: (() => void) | undefined;
  /** Set while the session has no link. */
  #cancelWindow: (() => void) | undefined;
  #cancelLeave: (() => void) | undefined;
  /** The send buffer was given up; nothing is taken until the next connection. */
  #discarding = false;

  /** @internal */
  constructor(options: ResolvedOptions) {
    this.clock = options.clock;
    this.#options = options;
    this.#backoff = new Backoff(options);
    this.#type = options.forceSocketType || (options.WebSocket ? "WebSocket" : "AjaxSocket");
    this.channel(MAIN);
    this.#cancelAttempt = options.clock.after(0, () => {
      this.#state = "connecting";
      this.#emitter.emit("connecting");
      // A listener may have closed the socket, and even revived it.
      if (this.#state === "connecting") this.#attempt();
    });
  }

  /** The version of the protocol. */
  version(): string {
    return VERSION;
  }

  /** The kind of transport of this session, or of the last one. */
  type(): SocketType {
    return this.#type;
  }

  state(): SocketState {
    return this.#state;
  }

  /** Whether it is over: no connection, and no attempt to come. Only {@link reconnect} changes that. */
  isClosed(): boolean {
    return this.#closed;
  }

  /** The server's name for this session; empty if there is none, neither connected nor to be gone on with. */
  socketID(): string {
    return this.#outbox.socketId;
  }

  /** The channel `name`, always the same object. */
  channel(name: string): Channel {
    let channel = this.#channels.get(name);
    if (!channel) {
      if (!name) throw new GlueError("invalid_argument", "empty channel name");
      channel = new Channel(
        (...message) => this.#send(name, ...message),
        (closed) => this.#channels.get(name) === closed && this.#channels.delete(name),
      );
      this.#channels.set(name, channel);
    }
    return channel;
  }

  /** Sends on the main channel; see {@link Channel.send}. */
  send(data: string, discarded?: DiscardCallback): SendResult {
    return this.#send(MAIN, data, discarded);
  }

  /** Sets the listener of the main channel; see {@link Channel.onMessage}. */
  onMessage(listener: (data: string) => void): Unsubscribe {
    return this.channel(MAIN).onMessage(listener);
  }

  /**
   * Waits until the socket is connected. Fails with a {@link GlueError}: `unavailable` when it is over, caused by
   * the last error, `cancelled` when `signal` fires.
   */
  ready({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        for (const remove of removers) remove();
      };
      const look = (): void => {
        if (this.#state === "connected") resolve();
        else if (this.#closed) reject(new GlueError("unavailable", "socket closed", { cause: this.#error }));
        else return;
        done();
      };
      const removers = [
        onAbort(signal, (error) => {
          reject(error);
          done();
        }),
        this.on("connected", look),
        this.on("disconnected", look),
      ];
      look();
    });
  }

  on<E extends keyof SocketEvents>(event: E, listener: (argument: SocketEvents[E]) => void): Unsubscribe {
    return this.#emitter.add(event, listener);
  }

  once<E extends keyof SocketEvents>(event: E, listener: (argument: SocketEvents[E]) => void): Unsubscribe {
    return this.#emitter.add(event, listener, true);
  }

  off<E extends keyof SocketEvents>(event: E, listener: (argument: SocketEvents[E]) => void): void {
    this.#emitter.remove(event, listener);
  }

  /** Tries again after the end; ignored while connected or on the way there. */
  reconnect(): void {
    if (!this.#closed) return;
    this.#closed = this.#dontReconnect = false;
    this.#backoff.reset();
    // Asked for, so it is tried even where losses are final.
    this.#emitter.holding(() => this.#schedule(this.#backoff.next() ?? 0));
  }

  /** Ends the connection, or the attempts to get one, for good. */
  close(): void {
    if (this.#closed) return;
    this.#emitter.holding(() => {
      this.#link?.close();
      this.#unlink();
      this.#finish();
    });
  }

  /** Whether the server has asked for the end of this session: what is begun waits for the next. @internal */
  isLeaving(): boolean {
    return this.#outbox.isLeaving;
  }

  /** JavaScript may send what is no text: as in the original, nothing for nothing and the text of the rest. */
  #send(
    name: string,
    value: unknown,
    discarded?: DiscardCallback,
    ephemeral?: boolean | "ahead",
  ): SendResult {
    if (value === undefined || value === null) return -1;
    const data = String(value);
    const waiting = {
      text: encodeFrame("channel_data", encodePair(name, data)),
      discarded: discarded && (() => this.#emitter.inTurn(() => guarded(() => discarded(data)))),
      ephemeral,
    };
    if (this.#outbox.socketId ? this.#outbox.fits(waiting.text) : !(ephemeral || this.#discarding)) {
      if (this.#outbox.push(waiting, this.#link?.unsent)) {
        this.#link?.wake();
        if (!this.#outbox.socketId) this.#startDiscarding();
        return this.#state === "connected" && (ephemeral || !this.isLeaving()) ? 1 : 0;
      }
    }
    waiting.discarded?.();
    return -1;
  }

  /** What waits for a connection doesn't wait for ever. */
  #startDiscarding(): void {
    this.#cancelDiscard ??= this.#options.clock.after(this.#options.resetSendBufferTimeout, () => {
      this.#cancelDiscard = undefined;
      this.#discarding = true;
      this.#emitter.holding(() => {
        this.#discard(() => true);
        this.#emitter.emit("discard_send_buffer");
      });
    });
  }

  #discard(matches: (waiting: Waiting) => boolean): void {
    for (const { discarded } of this.#outbox.remove(matches)) discarded?.();
  }

  #attempt(): void {
    const link = new Link(this.#options, this.#outbox, this.#plan, {
      isChannel: (name) => this.#channels.has(name),
      onEvent: (event) => this.#handle(event, link),
      onClose: (error) => this.#lost(error),
    });
    this.#link = link;
    link.open();
  }

  #handle(event: SessionEvent, link: Link): void {
    switch (event.kind) {
      case "data":
        this.#channels.get(event.name)?.deliver(event.data);
        break;
      case "open":
        this.#state = "connected";
        this.#type = link.type;
        this.#plan = link.type === "WebSocket" ? 0 : 1;
        this.#backoff.reset();
        this.#cancelWindow?.();
        this.#cancelWindow = undefined;
        this.#cancelDiscard?.();
        this.#cancelDiscard = undefined;
        this.#discarding = false;
        this.#emitter.holding(() => {
          if (!event.isResumed) {
            this.#discard(({ ephemeral }) => !!ephemeral);
            this.#discard(({ text }) => !this.#outbox.fits(text));
          }
          this.#emitter.emit("connected", event);
        });
        break;
      case "refused":
        this.#refusal = GlueError.of(event.refusal);
        break;
      case "dont_reconnect":
        this.#dontReconnect = true;
        break;
      case "drain":
        this.#leaveWithin(event.ms, link);
        break;
      case "ended": {
        const { reason } = event;
        if (reason === "timeout" || reason === "connect_timeout") this.#lost(undefined, reason);
        else if (reason === "closed") this.#lost(undefined);
        else this.#lost(new GlueError("unavailable", `unreadable server: ${reason}`));
      }
    }
  }

  #lost(error: GlueError | undefined, event?: "timeout" | "connect_timeout"): void {
    this.#emitter.holding(() => {
      // The WebSocket failed; or the one that Ajax had found to be possible did; or Ajax did, so in turn.
      if (this.#state !== "connected")
        this.#plan = !this.#plan ? 1 : this.#plan < 2 && this.#link?.type === "WebSocket" ? 2 : 0;
      // What follows a refusal is its consequence.
      this.#error = this.#refusal ?? error;
      const isLeaving = this.isLeaving();
      const isOver = !this.#options.reconnect || this.#dontReconnect;
      const delay = isOver ? undefined : isLeaving ? 0 : this.#backoff.next();
      // Nobody goes on with it.
      if (isLeaving || delay === undefined) this.#outbox.terms = undefined;
      // First, so that typed calls know which of them have not left before anybody asks.
      this.#unlink();
      if (this.#error) this.#emitter.emit("error", this.#error);
      else if (event) this.#emitter.emit(event);
      if (delay === undefined) this.#finish();
      else this.#schedule(delay);
    });
  }

  /** A device that is online again is not kept waiting. */
  #schedule(delay: number): void {
    this.#state = "reconnecting";
    this.#emitter.emit("reconnecting");
    const attempt = (): void => {
      this.#cancelAttempt();
      this.#attempt();
    };
    const cancel = this.#options.clock.after(delay, attempt);
    globalThis.addEventListener?.("online", attempt);
    this.#cancelAttempt = () => {
      cancel();
      globalThis.removeEventListener?.("online", attempt);
    };
  }

  /** Another time can only make the moment an earlier one [D-3]. */
  #leaveWithin(ms: number, link: Link): void {
    const former = this.#cancelLeave;
    const cancel = this.clock.after(this.#options.random() * ms, () => {
      this.#outbox.leave();
      link.wake();
    });
    this.#cancelLeave = () => {
      former?.();
      cancel();
    };
  }

  /** Leaves the link behind, and the session if it ends with it. */
  #unlink(): void {
    const { terms } = this.#outbox;
    this.#link?.drop(terms ? undefined : []);
    this.#link = undefined;
    this.#refusal = undefined;
    this.#cancelLeave?.();
    this.#cancelLeave = undefined;
    if (!terms) {
      this.#endSession();
    } else {
      this.#cancelWindow ??= this.#options.clock.after(terms.windowMs, () => {
        const link = this.#link;
        link?.close();
        this.#outbox.terms = undefined;
        if (link) {
          this.#lost(undefined);
        } else {
          this.#endSession();
          this.#emitter.emit("reconnecting");
        }
      });
    }
  }

  /** Leaves behind what means something in this session only. */
  #endSession(): void {
    this.#cancelWindow?.();
    this.#cancelWindow = undefined;
    this.#outbox.socketId = "";
    this.#discard(({ ephemeral }) => !!ephemeral);
    if (this.#outbox.length) this.#startDiscarding();
  }

  #finish(): void {
    this.#outbox.terms = undefined;
    this.#endSession();
    this.#cancelAttempt();
    this.#closed = true;
    this.#state = "disconnected";
    this.#emitter.emit("disconnected");
  }
}
