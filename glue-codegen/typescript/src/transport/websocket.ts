import { GlueError } from "../errors.js";
import type { Transport, TransportHandler } from "./transport.js";

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
  readonly #create: () => WebSocketLike;
  #socket: WebSocketLike | undefined;
  /** Reports the end of the socket, once. */
  #closed: (error?: GlueError) => void = () => {};
  /** A text could not be sent, so those behind it must not be. */
  #broken = false;

  constructor(Constructor: WebSocketConstructor, url: string) {
    this.#create = () => new Constructor(url);
  }

  open(handler: TransportHandler): void {
    let socket: WebSocketLike;
    try {
      socket = this.#create();
    } catch (cause) {
      // A page's content security policy, or a host that is no URL.
      handler.onClose(failure("refused", cause));
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
      if (this.#socket === socket) handler.onOpen();
    };
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (this.#socket !== socket) return;
      let text: string;
      try {
        text = typeof data === "string" ? data : decodeUtf8(data as ArrayBuffer);
      } catch (cause) {
        this.#closed(failure("received no text", cause));
        return;
      }
      handler.onText(text);
    };
    socket.onerror = () => this.#closed(failure("failed"));
    socket.onclose = ({ code, wasClean }: { readonly code?: number; readonly wasClean?: boolean }) =>
      this.#closed(
        wasClean === false || !ORDERLY.includes(code) ? failure(`closed with code ${code}`) : undefined,
      );
  }

  send(text: string): void {
    if (this.#broken) return;
    try {
      this.#socket?.send(text);
    } catch (cause) {
      this.#broken = true;
      // Later, as all that a transport reports: whoever sends is in the middle of something.
      queueMicrotask(() => this.#closed(failure("failed to send", cause)));
    }
  }

  get unsent(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }
}

/** A byte order mark belongs to the text, as it does in a text frame. */
function decodeUtf8(bytes: ArrayBuffer): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function failure(what: string, cause?: unknown): GlueError {
  return new GlueError("unavailable", `websocket ${what}`, { cause });
}
