import type { SocketType } from "../transport/transport.js";
import type { Wire } from "./wire.js";

/** Why a link ended: the client closed it, the server did, or it broke. */
export type LinkEnd = "client" | "server" | "lost";

/** What a {@link Link} needs to know of the network that it is part of. */
export interface LinkSettings {
  readonly url: string;
  readonly wire: Wire;
  /** Messages, up and down, that it carries; the next one breaks it. */
  readonly lifetime: number;
  /** Bytes of the longest message that the server takes. */
  readonly limit: number;
  /** Told once it has ended. */
  readonly onEnd: (link: Link) => void;
}

/** The server's end of one connection. It carries messages and knows nothing of what they mean. */
export abstract class Link {
  abstract readonly type: SocketType;
  /** Where the client wanted to go. */
  readonly url: string;
  /** Called with each message of the client. */
  onMessage: (message: string) => void = () => {};
  /** Called with each message that is longer than the server takes. */
  onTooLarge: (code: number) => void = (code) => this.close(code);
  /** Called once, at the end. */
  onEnd: (end: LinkEnd) => void = () => {};
  /** Whether several messages may go in one container; matters to Ajax only. */
  batch = false;
  /** Whether the client has closed it in a way that ends the session as well. */
  isFinal = false;
  /** What lies between the two ends. */
  readonly wire: Wire;
  readonly #settings: LinkSettings;
  #messagesLeft: number;
  #ended: LinkEnd | undefined;

  constructor(settings: LinkSettings) {
    this.#settings = settings;
    this.url = settings.url;
    this.wire = settings.wire;
    this.#messagesLeft = settings.lifetime;
  }

  /** Sends a message, whatever it is. A binary one needs a WebSocket. */
  send(message: string | ArrayBuffer): void {
    if (this.isOpen && this.#isAlive()) this.transmit(message);
  }

  /** Closes it in good order, behind what was sent; with a close code if it is a WebSocket. `by` is who wished it. */
  close(code?: number, by: LinkEnd = "server"): void {
    if (!this.isOpen) return;
    this.finish(code);
    this.end(by);
  }

  /** Breaks it: what is under way is lost, and the server has forgotten it at once. The client notices. */
  cut(): void {
    if (!this.isOpen) return;
    this.wire.lose();
    this.breakOff();
    this.end("lost");
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Why it ended; undefined while it is open. */
  get ended(): LinkEnd | undefined {
    return this.#ended;
  }

  /** A message has arrived. Returns whether it was one that the server takes. */
  protected receive(message: string): boolean {
    if (!this.isOpen || !this.#isAlive()) return false;
    const fits = new TextEncoder().encode(message).length <= this.#settings.limit;
    if (fits) this.onMessage(message);
    else this.onTooLarge(TOO_LARGE);
    return fits;
  }

  protected end(end: LinkEnd): void {
    if (!this.isOpen) return;
    this.#ended = end;
    this.#settings.onEnd(this);
    this.onEnd(end);
  }

  /** Puts a message on the wire. */
  protected abstract transmit(message: string | ArrayBuffer): void;
  /** Tells the client that it is over. */
  protected abstract finish(code?: number): void;
  /** Lets the client notice that the connection is gone. */
  protected abstract breakOff(): void;

  #isAlive(): boolean {
    if (this.#messagesLeft-- > 0) return true;
    this.cut();
    return false;
  }
}

/** The close code that answers a message over the limit. */
const TOO_LARGE = 1009;
