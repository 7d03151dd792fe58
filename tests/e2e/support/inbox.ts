import type { Socket, SocketEvents } from "../generated/runtime/index.js";

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
