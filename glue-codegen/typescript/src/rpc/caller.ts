import type { Unsubscribe } from "../emitter.js";
import { Calls, type OpenSource } from "./calls.js";
import type {
  CallOptions,
  ChannelOptions,
  InterceptedCall,
  Items,
  Next,
  RpcContract,
  RpcSocket,
} from "./options.js";

/** Typed calls over one channel of a socket, with options of their own. */
export class Rpc {
  /** What all that is opened for the same channel of the same socket shares. @internal */
  readonly calls: Calls;
  readonly #options: ChannelOptions;

  /** The calls over the channel `name` of `socket`. */
  static open(socket: RpcSocket, name: string, contract?: RpcContract, options?: ChannelOptions): Rpc {
    return new Rpc(Calls.of(socket, name, contract), options);
  }

  private constructor(calls: Calls, options: ChannelOptions = {}) {
    this.calls = calls;
    this.#options = options;
  }

  /** Calls `method`; fails with a `GlueError`. */
  async call<T>(method: string, args: object, options?: CallOptions): Promise<T> {
    return this.run("call", method, args, options) as T;
  }

  /** Sends a notification, which is never answered. Throws a `GlueError` if it can't even wait. */
  notify(method: string, args: object, options?: Pick<CallOptions, "traceparent">): void {
    this.run("notification", method, args, options);
  }

  /** The items of a stream. Each iteration is an exchange of its own, and leaving it ends that at the server. */
  stream<T>(method: string, args: object, options?: CallOptions): AsyncIterable<T> {
    return this.run("stream", method, args, options) as AsyncIterable<T>;
  }

  /** Listens to the server's events. */
  on<T>(event: string, listener: (event: T) => void): Unsubscribe {
    return this.calls.on(event, listener);
  }

  /** How much of what the server sent made no sense. */
  get faults(): number {
    return this.calls.faults;
  }

  /** Makes a call, through the interceptor; `open` makes what sends `items`. @internal */
  run(
    kind: InterceptedCall["kind"],
    method: string,
    args: object,
    options: CallOptions = {},
    items?: Items<unknown>,
    open?: (items: Items<unknown>) => OpenSource,
  ): unknown {
    const { intercept, timeoutMs, traceparent } = this.#options;
    const next = ({ args, options, items }: InterceptedCall): unknown =>
      this.calls[kind](
        method,
        args,
        {
          ...options,
          timeoutMs: options.timeoutMs ?? timeoutMs,
          traceparent: options.traceparent ?? traceparent?.(),
        },
        open?.(items as Items<unknown>),
      );
    const call = { channel: this.calls.name, method, kind, args, options, items } as InterceptedCall;
    return intercept ? intercept(call, next as Next) : next(call);
  }
}
