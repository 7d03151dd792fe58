import { guarded } from "../emitter.js";

/** Called with the data of a message that was thrown away instead of sent. */
export type DiscardCallback = (data: string) => void;

/** 1: handed to the transport. 0: waiting for a connection. -1: thrown away. */
export type SendResult = 1 | 0 | -1;

/** A named lane inside a socket. */
export class Channel {
  readonly #send: (data: string, discarded?: DiscardCallback) => SendResult;
  #listener: ((data: string) => void) | undefined;

  /** @internal */
  constructor(send: (data: string, discarded?: DiscardCallback) => SendResult) {
    this.#send = send;
  }

  /** Sends `data`, at once or with the next connection; `discarded` is called if that doesn't come in time. */
  send(data: string, discarded?: DiscardCallback): SendResult {
    return this.#send(data, discarded);
  }

  /** Sets the one listener for incoming data. */
  onMessage(listener: (data: string) => void): void {
    this.#listener = listener;
  }

  /** @internal */
  deliver(data: string): void {
    const listener = this.#listener;
    if (listener) guarded(() => listener(data));
  }
}
