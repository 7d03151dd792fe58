import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** A client of a scripted server. */
export interface Link {
  send(...messages: readonly (string | Buffer)[]): void;
  close(code?: number): void;
}

/** What a server does with a message. */
export type Script = (link: Link, message: string) => void;

/** What a server does with a request of the Ajax transport; true if it has answered it itself. */
export type Meddler = (body: string, answer: ServerResponse) => boolean;

/** A server that says what a test tells it, over WebSocket and over Ajax, whatever the protocol may ask for. */
export class Scripted {
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #script: Script;
  readonly #sessions = new Map<string, Session>();
  /** Requests so far. */
  requests = 0;

  private constructor(script: Script, meddler: Meddler) {
    this.#script = script;
    this.#sockets = new WebSocketServer({ noServer: true });
    this.#server = createServer((request, answer) => void this.#answer(request, answer, meddler));
    this.#server.on("upgrade", (request, stream, head) => {
      this.requests++;
      this.#sockets.handleUpgrade(request, stream, head, (socket) => this.#serve(socket));
    });
  }

  static async open(script: Script, meddler: Meddler = () => false): Promise<Scripted> {
    const scripted = new Scripted(script, meddler);
    scripted.#server.listen(0, "127.0.0.1");
    await once(scripted.#server, "listening");
    return scripted;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #serve(socket: WebSocket): void {
    const link: Link = {
      send: (...messages) => {
        for (const message of messages) socket.send(message);
      },
      close: (code) => socket.close(code),
    };
    // What a client does with broken frames is not our concern.
    socket.on("error", () => {});
    socket.on("message", (data) => this.#script(link, String(data)));
  }

  async #answer(request: IncomingMessage, answer: ServerResponse, meddler: Meddler): Promise<void> {
    this.requests++;
    let body = "";
    for await (const chunk of request) body += chunk;
    if (meddler(body, answer)) return;
    const [head = ""] = body.split("&", 1);
    const session = this.#sessions.get(head.slice(1));
    if (head === "i") {
      const id = String(1e9 + this.#sessions.size);
      this.#sessions.set(id, new Session());
      answer.end(`${id}&0000000`);
    } else if (!session) {
      answer.writeHead(400).end();
    } else if (head[0] === "o") {
      session.poll(answer);
    } else {
      answer.end();
      this.#script(session, body.slice(head.length + 1));
    }
  }
}

/** A session of the Ajax transport: one message for each poll. */
class Session implements Link {
  readonly #waiting: (string | Buffer)[] = [];
  #poll: ServerResponse | undefined;
  #isClosed = false;
  #token = 0;

  send(...messages: readonly (string | Buffer)[]): void {
    this.#waiting.push(...messages);
    this.#flush();
  }

  close(): void {
    this.#isClosed = true;
    this.#flush();
  }

  poll(answer: ServerResponse): void {
    this.#poll = answer;
    this.#flush();
  }

  #flush(): void {
    const poll = this.#poll;
    if (!poll || (!this.#waiting.length && !this.#isClosed)) return;
    this.#poll = undefined;
    const message = this.#waiting.shift();
    if (message === undefined) poll.end("c");
    else poll.end(Buffer.concat([Buffer.from(`${String(++this.#token).padStart(7, "0")}&`), Buffer.from(message)]));
  }
}
