// Compiled, never run: what the types promise to applications and to generated code.
import {
  type ApplicationError,
  type CallOptions,
  type ChannelOptions,
  callWith,
  type Failure,
  type GlueError,
  glue,
  type Handler,
  handle,
  type Interceptor,
  type Items,
  interceptors,
  isError,
  newTraceparent,
  Rpc,
  type RpcSocket,
  type Socket,
  type SocketState,
  safe,
  staleCheck,
  streamWith,
  type Throws,
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

interface PostError {
  readonly reason: "full" | "banned";
}

type RoomsErrors = { readonly post: PostError; readonly watch: "closed" };
type RoomsHandlers = { readonly confirm: Handler<{ readonly question: string }, boolean, { why: string }> };

/** As the generator prints it. */
class Rooms {
  readonly #rpc: Rpc;

  constructor(socket: RpcSocket, options?: ChannelOptions) {
    this.#rpc = Rpc.open(socket, "rooms", { schema: "5f", stale: staleCheck({ post: "01" }) }, options);
  }

  static isError<M extends keyof RoomsErrors>(
    error: unknown,
    method: M,
  ): error is ApplicationError<RoomsErrors[M]> {
    return isError(error, "rooms", method);
  }

  post(text: string, options?: CallOptions): Promise<number> & Throws<PostError> {
    return this.#rpc.call("post", { text }, options);
  }

  leave(options?: CallOptions): Promise<void> {
    return this.#rpc.call("leave", {}, options);
  }

  watch(room: string, options?: CallOptions): AsyncIterable<Message> & Throws<"closed"> {
    return this.#rpc.stream("watch", { room }, options);
  }

  upload(chunks: Items<Message>, options?: CallOptions): Promise<number> & Throws<PostError> {
    return callWith(this.#rpc, "upload", {}, chunks, options);
  }

  translate(lines: Items<string>, options?: CallOptions): AsyncIterable<string> {
    return streamWith(this.#rpc, "translate", {}, lines, options);
  }

  handle<M extends keyof RoomsHandlers>(method: M, handler: RoomsHandlers[M]): Unsubscribe {
    return handle(this.#rpc, method, handler);
  }
}

/** One of each code is a case, and none is left. */
export function describe(error: ApplicationError<PostError> | Failure): string {
  switch (error.code) {
    case "application":
      return error.data.reason;
    case "unavailable":
      return error.data?.outcome === "not_sent" ? "try again" : "who knows";
    case "stale_client":
      return `${error.data?.method} has changed from ${error.data?.client} to ${error.data?.server ?? "none"}`;
    case "cancelled":
    case "deadline_exceeded":
    case "invalid_argument":
    case "unimplemented":
    case "resource_exhausted":
    case "unauthenticated":
    case "permission_denied":
    case "internal":
      return error.message;
    default:
      return error satisfies never;
  }
}

export async function failures(rooms: Rooms): Promise<void> {
  const posted = await safe(rooms.post("hi"));
  if (posted.ok) {
    const value: number = posted.value;
    console.log(value);
  } else {
    describe(posted.error);
    if (posted.error.code === "application") {
      const reason: "full" | "banned" = posted.error.data.reason;
      // @ts-expect-error no such reason
      console.log(reason === "other");
    }
  }
  const left = await safe(rooms.leave());
  // @ts-expect-error of what type it is nobody said
  if (!left.ok && left.error.code === "application") console.log(left.error.data.reason);
  const uploaded = await safe(rooms.upload([{ text: "a" }]));
  if (!uploaded.ok) describe(uploaded.error);

  try {
    for await (const { text } of rooms.watch("lobby", { timeoutMs: 5, traceparent: newTraceparent() }))
      console.log(text);
  } catch (error) {
    if (Rooms.isError(error, "watch")) {
      const data: "closed" = error.data;
      console.log(data);
    } else if (Rooms.isError(error, "post")) {
      console.log(error.data.reason);
    }
    // @ts-expect-error no such method
    Rooms.isError(error, "wach");
    // @ts-expect-error the method has no error of its own
    Rooms.isError(error, "leave");
  }
}

export function more(socket: Socket, rooms: Rooms): void {
  rooms.handle("confirm", async ({ question }, { signal, traceparent, fail }) => {
    if (signal.aborted || traceparent) return fail({ why: question });
    // @ts-expect-error not the method's error
    if (question) return fail({ reason: "full" });
    return true;
  });
  rooms.handle("confirm", () => true);
  // @ts-expect-error no such method
  rooms.handle("other", () => true);
  // @ts-expect-error another type of answer
  rooms.handle("confirm", () => "yes");
  // @ts-expect-error another type of items
  rooms.upload([1]);
  rooms.translate(new Set(["a"]));

  const log: Interceptor = (call, next) => {
    if (call.kind === "stream") {
      const items: AsyncIterable<unknown> = next({ ...call, options: { ...call.options, timeoutMs: 5 } });
      return items;
    }
    if (call.kind === "call") return next(call).then((value: unknown) => value);
    return next(call);
  };
  new Rooms(socket, { intercept: log });
  new Rooms(socket, { timeoutMs: 10_000, intercept: interceptors(log), traceparent: newTraceparent });
  // @ts-expect-error no such option
  new Rooms(socket, { timeout: 10_000 });
}
