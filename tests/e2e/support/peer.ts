import { once } from "node:events";
import { WebSocket } from "ws";

/** A peer that writes every message by hand. */
export class Peer {
  readonly #socket: WebSocket;
  readonly #received: string[] = [];
  #wake: (() => void) | undefined;
  #close: number | undefined;

  private constructor(socket: WebSocket, isPolite: boolean) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const text = String(data);
      if (isPolite && text === "pi") socket.send("po");
      else this.#received.push(text);
      this.#wake?.();
    });
    socket.on("close", (code) => {
      this.#close = code;
      this.#wake?.();
    });
  }

  /** Opens a link; nothing is sent. Pings of the server are answered and not shown, unless `isPolite` is false. */
  static async link(port: number, isPolite = true): Promise<Peer> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/glue/ws`);
    const peer = new Peer(socket, isPolite);
    await once(socket, "open");
    return peer;
  }

  /** Opens a session. */
  static async session(port: number): Promise<Peer> {
    const peer = await Peer.link(port);
    peer.send('in{"version":"1.9.1"}');
    await peer.next();
    return peer;
  }

  send(...messages: readonly (string | Buffer)[]): void {
    for (const message of messages) this.#socket.send(message);
  }

  /** Sends texts on the channel `probe`. */
  rpc(...envelopes: readonly string[]): void {
    for (const envelope of envelopes) this.#socket.send(`cd5&probe${envelope}`);
  }

  /** The next message, or the code with which the link was closed. */
  async next(): Promise<string | number> {
    for (;;) {
      const text = this.#received.shift();
      if (text !== undefined) return text;
      if (this.#close !== undefined) return this.#close;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next messages, without the head of the channel `probe`. */
  async take(count: number): Promise<string[]> {
    const texts: string[] = [];
    while (texts.length < count) texts.push(String(await this.next()).replace(/^cd5&probe/, ""));
    return texts;
  }

  close(): void {
    this.#socket.close();
  }
}
