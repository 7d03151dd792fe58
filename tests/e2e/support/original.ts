import { WebSocket } from "ws";
import type { RpcChannel, RpcSocket } from "../generated/runtime/index.js";

type Callback = (...args: unknown[]) => void;

/**
 * A socket that behaves as that of the original glue.js 1.9.1 is documented to, where that differs from ours: listeners
 * can't be removed, a loss is not told before the next attempt, `socketID()` is empty from the moment of the loss while
 * `state()` still says `connected`, sends of nothing return -1, and what is sent in a gap overtakes nothing.
 */
export class OriginalSocket implements RpcSocket {
  readonly #url: string;
  readonly #listeners = new Map<string, Callback[]>();
  readonly #onMessage = new Map<string, (data: string) => void>();
  #transport: WebSocket | undefined;
  #id = "";
  #state = "disconnected";
  #attempts = 0;
  #isClosed = false;

  constructor(url: string) {
    this.#url = url.replace("http", "ws");
    setTimeout(() => this.#attempt(), 0);
  }

  channel(name: string): RpcChannel {
    return {
      send: (data: string): number => {
        if (!data) return -1;
        if (!this.#id || !this.#transport) throw new Error("the layer sent without a session");
        this.#transport.send(`cd${name.length}&${name}${data}`);
        return 1;
      },
      onMessage: (listener) => {
        this.#onMessage.set(name, listener);
      },
    };
  }

  on(event: string, listener: Callback): undefined {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return undefined;
  }

  socketID(): string {
    return this.#id;
  }

  type(): string {
    return "WebSocket";
  }

  state(): string {
    return this.#state;
  }

  close(): void {
    this.#isClosed = true;
    this.#id = "";
    this.#state = "disconnected";
    this.#transport?.close();
    this.#emit("disconnected");
  }

  #attempt(): void {
    if (this.#isClosed) return;
    this.#state = this.#attempts ? "reconnecting" : "connecting";
    this.#emit(this.#state);
    const transport = new WebSocket(`${this.#url}/glue/ws`);
    this.#transport = transport;
    transport.on("open", () => transport.send('in{"version":"1.9.1"}'));
    transport.on("message", (data) => this.#receive(transport, String(data)));
    // As in the original the event's argument is an array in an array.
    transport.on("error", () => this.#emit("error", ["the websocket closed the connection with an error."]));
    transport.on("close", () => {
      this.#id = "";
      this.#attempts++;
      if (!this.#isClosed) setTimeout(() => this.#attempt(), 50);
    });
  }

  #receive(transport: WebSocket, text: string): void {
    const [command, data] = [text.slice(0, 2), text.slice(2)];
    if (command === "pi") {
      transport.send("po");
    } else if (command === "in") {
      this.#id = (JSON.parse(data) as { socketID: string }).socketID;
      this.#state = "connected";
      this.#emit("connected");
    } else if (command === "cd") {
      const start = data.indexOf("&") + 1;
      const end = start + Number.parseInt(data, 10);
      // The original drops empty payloads without a word.
      if (end < data.length) this.#onMessage.get(data.slice(start, end))?.(data.slice(end));
    }
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...args);
  }
}
