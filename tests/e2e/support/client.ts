import { WebSocket } from "ws";
import { glue, type Socket, type SocketEvents, type SocketOptions } from "../generated/runtime/index.js";

/** A socket of our client in Node, which comes back fast. */
export function connect(url: string, options: SocketOptions = {}): Socket {
  return glue(url, {
    WebSocket,
    reconnectDelay: 50,
    reconnectDelayMax: 100,
    reconnectAttempts: 0,
    ...options,
  });
}

/** The next event of this name. */
export function event(socket: Socket, name: keyof SocketEvents): Promise<unknown> {
  return new Promise((resolve) => socket.once(name, resolve));
}

/** Collects what a callback gets, and waits for so many of it. */
export class Inbox<T> {
  readonly all: T[] = [];
  #wake: (() => void) | undefined;

  readonly push = (value: T): void => {
    this.all.push(value);
    this.#wake?.();
  };

  async first(count: number): Promise<T[]> {
    while (this.all.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.all.slice(0, count);
  }
}
