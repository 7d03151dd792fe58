import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Program } from "./program.js";

/** What becomes of a connection: it is passed on, lost, never answered, or gets this text as its answer. */
export type Verdict = "pass" | "cut" | "ignore" | { readonly answer: string };

/** A connection of a client, and the one to the server that belongs to it. */
interface Line {
  readonly client: Socket;
  server: Socket | undefined;
  /** Nothing goes through, and nobody is told. */
  isDead: boolean;
}

/** A proxy between clients and a server, which fails as networks and other people's proxies do. */
export class Proxy {
  readonly #listener: Server;
  #target: () => number;
  readonly #lines = new Set<Line>();
  /** Judges each connection by the first bytes of its first request; at first all are passed on. */
  admit: (head: string) => Verdict = () => "pass";
  /** How many bytes of a client each new connection carries until it is cut. */
  budget: () => number = () => Number.POSITIVE_INFINITY;
  /** The same for bytes of the server. */
  answers: () => number = () => Number.POSITIVE_INFINITY;

  private constructor(target: () => number) {
    this.#target = target;
    this.#listener = createServer((client) => this.#accept(client));
  }

  static async open(program: Program): Promise<Proxy> {
    const proxy = new Proxy(() => program.port);
    proxy.#listener.listen(0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** Leads the connections from now on to another server. */
  lead(program: Program): void {
    this.#target = () => program.port;
  }

  /** Cuts all connections; both sides notice. */
  cut(): void {
    for (const { client, server } of this.#lines) {
      client.destroy();
      server?.destroy();
    }
  }

  /** Lets nothing through any more, in either direction, on the connections of now. Neither side notices. */
  stall(): void {
    for (const line of this.#lines) {
      line.isDead = true;
      line.client.pause();
      line.server?.pause();
    }
  }

  /** Cuts the server's side of the connections of now. The client isn't told. */
  halfOpen(): void {
    this.stall();
    for (const { server } of this.#lines) server?.destroy();
  }

  close(): void {
    this.#listener.close();
    this.cut();
  }

  #accept(client: Socket): void {
    const line: Line = { client, server: undefined, isDead: false };
    this.#lines.add(line);
    let left = this.budget();
    client.on("error", () => {});
    client.on("close", () => {
      line.server?.destroy();
      this.#lines.delete(line);
    });
    client.on("data", (bytes) => {
      if (line.isDead) return;
      if (!line.server && !this.#open(line, bytes.toString("latin1"))) return;
      const part = bytes.subarray(0, left);
      left -= bytes.length;
      if (left >= 0) {
        line.server?.write(part);
      } else {
        line.isDead = true;
        line.server?.end(part);
        client.destroy();
      }
    });
  }

  #open(line: Line, head: string): boolean {
    const verdict = this.admit(head);
    if (verdict === "cut") line.client.destroy();
    else if (verdict === "ignore") line.isDead = true;
    else if (verdict !== "pass") line.client.end(verdict.answer);
    if (verdict !== "pass") return false;
    const server = connect(this.#target(), "127.0.0.1");
    line.server = server;
    server.on("error", () => {});
    server.on("close", () => {
      if (!line.isDead) line.client.destroy();
    });
    let left = this.answers();
    server.on("data", (bytes) => {
      if (line.isDead) return;
      const part = bytes.subarray(0, left);
      left -= bytes.length;
      if (left >= 0) {
        line.client.write(part);
      } else {
        line.isDead = true;
        line.client.end(part);
        server.destroy();
      }
    });
    return true;
  }
}

/** Whether the bytes ask for a WebSocket. */
export function isUpgrade(head: string): boolean {
  return /^GET \S+\/ws /.test(head);
}

/** An answer of HTTP, as a proxy or a captive portal gives it. */
export function answer(status: string, body = "", ...headers: readonly string[]): Verdict {
  const lines = [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, "Connection: close", ...headers];
  return { answer: `${lines.join("\r\n")}\r\n\r\n${body}` };
}
