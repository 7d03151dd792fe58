import type { GlueError } from "../errors.js";
import { failure, type Transport, type TransportHandler } from "./transport.js";

/** The part of a WebSocket that is used here: the platform's own, or that of a package. */
export interface WebSocketLike {
  binaryType: string;
  /** Bytes that wait to be sent. Without it a slow uplink that takes long looks like a dead server. */
  readonly bufferedAmount?: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string): void;
  close(): void;
}

/** Makes a WebSocket. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** Close codes that are not worth an error: done, going away, none given. */
const ORDERLY: readonly (number | undefined)[] = [1000, 1001, 1005, undefined];

/** One WebSocket as a transport. */
export class WebSocketTransport implements Transport {
  readonly type = "WebSocket";
  readonly #create: () => WebSocketLike;
  #socket: WebSocketLike | undefined;
  /** Reports the end of the socket, once. */
  #closed: (error?: GlueError) => void = () => {};
  #open = false;
  #unsent = 0;

  constructor(create: () => WebSocketLike) {
    this.#create = create;
  }

  open(handler: TransportHandler): void {
    let socket: WebSocketLike;
    try {
      socket = this.#create();
    } catch (cause) {
      // A page's content security policy, or a host that is no URL.
      handler.onClose(failure("websocket refused", cause));
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#closed = (error) => {
      if (this.#socket !== socket) return;
      this.close();
      handler.onClose(error);
    };
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#open = true;
      handler.onOpen();
    };
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (this.#socket !== socket) return;
      let text: string;
      try {
        text = typeof data === "string" ? data : decodeUtf8(data as ArrayBuffer);
      } catch (cause) {
        this.#closed(failure("websocket received no text", cause));
        return;
      }
      handler.onText(text);
    };
    socket.onerror = () => this.#closed(failure("websocket failed"));
    socket.onclose = ({ code, wasClean }: { readonly code?: number; readonly wasClean?: boolean }) => {
      const isOrderly = wasClean !== false && ORDERLY.includes(code);
      this.#closed(isOrderly ? undefined : failure(`websocket closed with code ${code}`, undefined, code));
    };
  }

  get ready(): boolean {
    return this.#open;
  }

  send(text: string): void {
    try {
      this.#socket?.send(text);
    } catch (cause) {
      // What is behind it must not be sent.
      this.#open = false;
      // Later, as all that a transport reports: whoever sends is in the middle of something.
      queueMicrotask(() => this.#closed(failure("websocket failed", cause)));
    }
  }

  get unsent(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  stalled(): boolean {
    const before = this.#unsent;
    this.#unsent = this.unsent;
    return this.#unsent >= before;
  }

  close(rest: readonly string[] = []): void {
    for (const text of rest) if (this.#open) this.send(text);
    this.#open = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }
}

/** A byte order mark belongs to the text, as it does in a text frame. */
function decodeUtf8(bytes: ArrayBuffer): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}
