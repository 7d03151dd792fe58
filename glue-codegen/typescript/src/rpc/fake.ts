/**
 * What the generated fakes have in common. For a channel `rooms` this is printed, with a line for each method by its
 * kind, and the third argument only where the name on the wire is another one:
 *
 *     export class FakeRooms implements RoomsApi {
 *       readonly fake: Fake<RoomsApi, RoomsEvents, RoomsHandlers>;
 *
 *       constructor(stubs: Stubs<RoomsApi> = {}) {
 *         this.fake = new Fake("rooms", stubs);
 *       }
 *
 *       readonly post: RoomsApi["post"] = (...args) => this.fake.call("post", args);
 *       readonly sendFile: RoomsApi["sendFile"] = (...args) => this.fake.call("sendFile", args, "send_file");
 *       readonly watch: RoomsApi["watch"] = (...args) => this.fake.stream("watch", args);
 *       readonly typing: RoomsApi["typing"] = (...args) => this.fake.notify("typing", args);
 *       readonly on: RoomsApi["on"] = (event, listener) => this.fake.on(event, listener);
 *       readonly handle: RoomsApi["handle"] = (method, handler) => this.fake.handle(method, handler);
 *     }
 *
 * Where there are no events or no methods of the client, `Record<never, never>` takes the place of their type.
 */
import { Emitter, type Unsubscribe } from "../emitter.js";
import { GlueError } from "../errors.js";
import { fail, handledTwice } from "./handler.js";
import type { Items } from "./options.js";

/** Methods of a channel that a test stands in for; results may be there at once. Any other is `unimplemented`. */
export type Stubs<Api> = { readonly [M in MethodOf<Api>]?: Stub<Api[M]> };

/** Names of a channel's methods. */
export type MethodOf<Api> = Exclude<keyof Api, "on" | "handle"> & string;

type Stub<Method> = Method extends (...args: infer Args) => Promise<infer T>
  ? (...args: Args) => T | Promise<T>
  : Method extends (...args: infer Args) => AsyncIterable<infer T>
    ? (...args: Args) => Items<T>
    : Method;

type Arguments<Method> = Method extends (...args: infer Args) => unknown ? Args : never;
type Result<Method> = Method extends (...args: never) => infer R ? R : never;

/** A call that was made of a fake. */
export type FakeCall<Api> = {
  readonly [M in MethodOf<Api>]: { readonly method: M; readonly args: Arguments<Api[M]> };
}[MethodOf<Api>];

/** The server that a test plays for a generated fake, without a socket: it records calls, and answers them by stubs. */
export class Fake<Api, Events, Handlers> {
  readonly #channel: string;
  readonly #stubs: Stubs<Api>;
  readonly #events = new Emitter<Events>();
  readonly #handlers = new Map<keyof Handlers, (args: never, context: never) => unknown>();
  /** What was called, oldest first; notifications and streams too, a stream when it was called and not per iteration. */
  readonly calls: FakeCall<Api>[] = [];

  constructor(channel: string, stubs: Stubs<Api>) {
    this.#channel = channel;
    // Without what every object has, or a method `toString` would seem to be there.
    this.#stubs = Object.assign(Object.create(null), stubs);
  }

  /** Calls the listeners of `event`. */
  emit<E extends keyof Events>(event: E, data: Events[E]): void {
    this.#events.emit(event, data);
  }

  /**
   * Calls a method of the client, as the server would. Fails with `unimplemented` if nothing handles it, and with what
   * the handler throws.
   */
  async request<M extends keyof Handlers>(
    method: M,
    args: HandlerArgs<Handlers[M]>,
  ): Promise<HandlerResult<Handlers[M]>> {
    const handler = this.#handlers.get(method);
    if (!handler) throw new GlueError("unimplemented", `no handler of ${String(method)}`);
    const context = { signal: new AbortController().signal, traceparent: undefined, fail };
    return (await handler(args as never, context as never)) as HandlerResult<Handlers[M]>;
  }

  /** For generated code, as what follows. @internal */
  call<M extends MethodOf<Api>>(method: M, args: Arguments<Api[M]>, wire: string = method): Result<Api[M]> {
    const run = this.#run(method, args);
    return (async () => {
      try {
        return await run();
      } catch (error) {
        throw this.#failure(error, wire);
      }
    })() as Result<Api[M]>;
  }

  /** @internal */
  stream<M extends MethodOf<Api>>(method: M, args: Arguments<Api[M]>, wire: string = method): Result<Api[M]> {
    const run = this.#run(method, args);
    const failure = (error: unknown): unknown => this.#failure(error, wire);
    return {
      async *[Symbol.asyncIterator]() {
        try {
          yield* run() as Items<unknown>;
        } catch (error) {
          throw failure(error);
        }
      },
    } as Result<Api[M]>;
  }

  /** @internal */
  notify<M extends MethodOf<Api>>(method: M, args: Arguments<Api[M]>): Result<Api[M]> {
    const run = this.#run(method, args);
    if (this.#stubs[method]) run();
    return undefined as Result<Api[M]>;
  }

  /** @internal */
  on<E extends keyof Events>(event: E, listener: (event: Events[E]) => void): Unsubscribe {
    return this.#events.add(event, listener);
  }

  /** @internal */
  handle<M extends keyof Handlers>(method: M, handler: Handlers[M]): Unsubscribe {
    if (this.#handlers.has(method)) throw handledTwice(String(method));
    // As in the real one: a second registration of a function is not ended by what ended the first.
    const own = (args: never, context: never): unknown =>
      (handler as (args: never, context: never) => unknown)(args, context);
    this.#handlers.set(method, own);
    return () => this.#handlers.get(method) === own && this.#handlers.delete(method);
  }

  /** Notes the call, and returns what runs its stub. */
  #run<M extends MethodOf<Api>>(method: M, args: Arguments<Api[M]>): () => unknown {
    this.calls.push({ method, args } as FakeCall<Api>);
    return () => {
      const stub = this.#stubs[method] as ((...args: readonly unknown[]) => unknown) | undefined;
      if (!stub) throw new GlueError("unimplemented", `no stub of ${method}`);
      return stub(...(args as readonly unknown[]));
    };
  }

  /** What a stub throws as its own error is the method's. */
  #failure(error: unknown, wire: string): unknown {
    if (error instanceof GlueError && !error.method) {
      Object.assign(error, { method: `${this.#channel}.${wire}` });
    }
    return error;
  }
}

type HandlerArgs<H> = H extends (args: infer Args, context: never) => unknown ? Args : never;
type HandlerResult<H> = H extends (...args: never) => infer T ? Awaited<T> : never;
