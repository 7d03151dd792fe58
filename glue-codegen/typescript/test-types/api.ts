// Compiled, never run: what the types promise to applications and to generated code.
import {
  type CallOptions,
  type GlueError,
  glue,
  Rpc,
  type RpcSocket,
  type Socket,
  type SocketState,
  type Unsubscribe,
  type WebSocketConstructor,
} from "../src/index.js";

type ChatEvents = { readonly joined: { readonly room: string; readonly user: string } };

interface Message {
  readonly text: string;
}

class Chat {
  readonly #rpc: Rpc;

  constructor(socket: RpcSocket) {
    this.#rpc = Rpc.open(socket, "chat", { schema: "5f2a" });
  }

  post(room: string, text: string, options?: CallOptions): Promise<number> {
    return this.#rpc.call("post", { room, text }, options);
  }

  typing(room: string): void {
    this.#rpc.notify("typing", { room });
  }

  watch(room: string, options?: CallOptions): AsyncIterable<Message> {
    return this.#rpc.stream("watch", { room }, options);
  }

  on<E extends keyof ChatEvents>(event: E, listener: (event: ChatEvents[E]) => void): Unsubscribe {
    return this.#rpc.on(event, listener);
  }
}

export async function application(): Promise<void> {
  const socket: Socket = glue();
  const state: SocketState = socket.state();
  const chat = new Chat(socket);
  const posted: number = await chat.post("a", "hi", { signal: new AbortController().signal });
  for await (const message of chat.watch("a", { signal: undefined }))
    console.log(message.text, posted, state);
  chat.on("joined", ({ room, user }) => console.log(room, user))();

  socket.on("connected", () => socket.send("hi", (data: string) => data));
  socket.once("error", (error: GlueError) => console.log(error.code, error.data));
  socket.off("timeout", () => {});

  // @ts-expect-error no such event
  socket.on("closed", () => {});
  // @ts-expect-error no such event of the channel
  chat.on("left", () => {});
  // @ts-expect-error a parameter is missing
  await chat.post("a");
  // @ts-expect-error data is text
  socket.send(1);
  // @ts-expect-error an original socket is needed whole
  new Chat({ send: () => {} });
}

/** The platform's WebSocket fits, and one of the shape of the package `ws`. */
export const constructors: readonly WebSocketConstructor[] = [WebSocket, {} as typeof PackageWebSocket];

interface PackageEvent {
  readonly type: string;
  readonly target: PackageWebSocket;
}

declare class PackageWebSocket {
  binaryType: "nodebuffer" | "arraybuffer" | "fragments";
  onopen: ((event: PackageEvent) => void) | null;
  onerror: ((event: PackageEvent & { error: unknown }) => void) | null;
  onclose: ((event: PackageEvent & { code: number; reason: string; wasClean: boolean }) => void) | null;
  onmessage: ((event: PackageEvent & { data: string | Buffer | ArrayBuffer | Buffer[] }) => void) | null;
  constructor(address: string | URL, options?: { readonly origin?: string });
  constructor(address: string | URL, protocols?: string | string[], options?: { readonly origin?: string });
  close(code?: number, data?: string | Buffer): void;
  send(data: string | Buffer, callback?: (error?: Error) => void): void;
  send(data: string | Buffer, options: { mask?: boolean }, callback?: (error?: Error) => void): void;
}
