import { glue, type Socket, type SocketOptions } from "../generated/runtime/index.js";
import type { Order } from "../support/desk.js";

/** Where a case is played. */
export interface Setting {
  /** The server, which is `e2e-server`. */
  readonly url: string;
  /** Whoever started the server, and can end it; see `support/desk.ts`. */
  readonly desk: string;
  /** The kind of transport, and what the platform lacks for it. */
  readonly options: Pick<SocketOptions, "forceSocketType" | "WebSocket">;
}

/** One performance of a case: what it opens is closed at the end. */
export class Scene {
  readonly setting: Setting;
  readonly #sockets: Socket[] = [];
  #isServerDown = false;

  constructor(setting: Setting) {
    this.setting = setting;
  }

  /** A socket that comes back fast. */
  connect(options: SocketOptions = {}): Socket {
    const { url, options: common } = this.setting;
    const patience = { reconnectDelay: 50, reconnectDelayMax: 100, reconnectAttempts: 0 };
    const socket = glue(url, { ...common, ...patience, ...options });
    this.#sockets.push(socket);
    return socket;
  }

  /** Has the server ended, or started again. */
  async order(order: Order): Promise<void> {
    const answer = await fetch(`${this.setting.desk}/${order}`, { method: "POST" });
    if (!answer.ok) throw new Error(await answer.text());
    this.#isServerDown = order === "kill";
  }

  /** A text that no other case uses. */
  label(): string {
    return `label-${Math.random()}`;
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    // Also where the case has failed: the next one needs the server.
    if (this.#isServerDown) await this.order("start");
  }
}
