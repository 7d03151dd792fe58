import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Program } from "./program.js";

/** What can be asked for. */
export type Order = "kill" | "start";

/** Takes orders for a server, over HTTP: a page and a worker can give them as well as a test in Node. */
export class Desk {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(program: Program): Promise<Desk> {
    const orders: Record<string, () => Promise<void>> = {
      "/kill": () => program.kill(),
      "/start": () => program.start(),
    };
    const server = createServer(({ url }, answer) => {
      answer.setHeader("Access-Control-Allow-Origin", "*");
      const order = orders[url ?? ""] ?? (() => Promise.reject(new Error(`no order ${url}`)));
      order().then(
        () => answer.end(),
        (error: unknown) => answer.writeHead(500).end(String(error)),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Desk(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
