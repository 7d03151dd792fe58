/** Codecs around the calls of a channel, for generated code. */
import { GlueError } from "../errors.js";
import type { Code } from "../proto/code.js";
import type { Rpc } from "../rpc/caller.js";
import { isError } from "../rpc/failure.js";
import type { ChannelOptions, InterceptedCall, Items, Next } from "../rpc/options.js";
import { type Codec, convert, OUT } from "./codec.js";

/** The codecs of one method or event; what has none needs none. */
export interface MethodCodecs {
  /** Of all arguments together, by their names on the wire. */
  readonly args?: Codec;
  /** Of each item that the client sends. */
  readonly items?: Codec;
  /** Of the value, or of each item of a stream. */
  readonly answer?: Codec;
  /** Of the method's own error. */
  readonly error?: Codec;
}

/** Those of a channel, by the names on the wire; made when it is first used. */
export type CodecTable = () => Readonly<Record<string, MethodCodecs>>;

/**
 * The options of a channel, by which its calls are coded. Interceptors stand outside: they see what the application
 * gave and will get.
 */
export function codedOptions(codecs: CodecTable, options: ChannelOptions = {}): ChannelOptions {
  return {
    ...options,
    intercept(call, next) {
      const { channel, method, kind } = call;
      const own = codecs()[method];
      const coded = own
        ? // Whatever an interceptor says: name and kind stay what they were.
          (given: InterceptedCall): unknown =>
            new CodedCall(own, { ...given, channel, method, kind } as InterceptedCall).run(next)
        : next;
      return options.intercept ? options.intercept(call, coded as Next) : coded(call);
    },
  };
}

/** Listens by `listener` to an event that arrives coded. What doesn't fit is a fault, and no listener hears of it. */
export function codedListener<T>(
  codecs: CodecTable,
  rpc: Rpc,
  event: string,
  listener: (event: T) => void,
): (event: T) => void {
  const codec = codecs()[event]?.args;
  if (!codec) return listener;
  return (wire) => {
    let value: unknown;
    try {
      value = convert(codec, wire, 0, "event");
    } catch {
      rpc.calls.faults++;
      return;
    }
    listener(value as T);
  };
}

/**
 * Handles by `handler` calls of the server that are coded. The server's wrong arguments are refused; an answer of the wrong
 * form is `internal` for the server and surfaces here.
 */
export function codedHandler(codecs: CodecTable, method: string, handler: AnyHandler): AnyHandler {
  const own = codecs()[method];
  if (!own) return handler;
  const encode = (codec: Codec | undefined, value: unknown, what: string): unknown =>
    codec ? convert(codec, value, OUT, `${what} of \`${method}\``) : value;
  return async (wire, context) => {
    const args = coded(own.args, wire, 0, `arguments of \`${method}\``, "invalid_argument");
    let value: unknown;
    try {
      value = await handler(args as never, context);
    } catch (error) {
      // One that another call has failed with names its method, and isn't passed on.
      if (!(error instanceof GlueError) || error.code !== "application" || error.method) throw error;
      throw new GlueError(error.code, error.message, { data: encode(own.error, error.data, "error") });
    }
    return encode(own.answer, value, "value");
  };
}

type AnyHandler = (args: never, context: never) => unknown;

/** Errors whose data is decoded: one may come by twice, when the items of a call fail with what another call failed with. */
const DECODED = new WeakSet<GlueError>();

/** A call on its way to the server. */
class CodedCall {
  readonly #codecs: MethodCodecs;
  readonly #call: InterceptedCall;

  constructor(codecs: MethodCodecs, call: InterceptedCall) {
    this.#codecs = codecs;
    this.#call = call;
  }

  run(next: Next): unknown {
    if (this.#call.kind === "call") return this.#answer(next);
    const result = next(this.#encoded());
    return this.#call.kind === "stream" ? this.#stream(result as AsyncIterable<unknown>) : result;
  }

  /** Whatever is wrong fails the promise: nobody expects a call to throw. */
  async #answer(next: Next): Promise<unknown> {
    const call = this.#encoded();
    let value: unknown;
    try {
      value = await next(call);
    } catch (error) {
      throw this.#failure(error);
    }
    return this.#decode(this.#codecs.answer, value, "answer");
  }

  #stream(stream: AsyncIterable<unknown>): AsyncIterable<unknown> {
    return {
      [Symbol.asyncIterator]: () => {
        const items = stream[Symbol.asyncIterator]();
        const end = async (): Promise<IteratorReturnResult<undefined>> => {
          await items.return?.();
          return { done: true, value: undefined };
        };
        return {
          next: async () => {
            const result = await items.next().catch((error: unknown) => {
              throw this.#failure(error);
            });
            if (result.done) return result;
            try {
              return { done: false, value: this.#decode(this.#codecs.answer, result.value, "item") };
            } catch (error) {
              // Those that come behind it are of no use any more.
              await end();
              throw error;
            }
          },
          return: end,
        };
      },
    };
  }

  #encoded(): InterceptedCall {
    const { args, items } = this.#call;
    return {
      ...this.#call,
      args: this.#encode(this.#codecs.args, args, "arguments") as object,
      items: items && this.#codecs.items ? this.#items(items) : items,
    };
  }

  #items(items: Items<unknown>): Items<unknown> {
    return {
      [Symbol.asyncIterator]: () => {
        const both = items as AsyncIterable<unknown> & Iterable<unknown>;
        const source = both[Symbol.asyncIterator]?.() ?? both[Symbol.iterator]();
        const end = async (): Promise<IteratorReturnResult<undefined>> => {
          await source.return?.();
          return { done: true, value: undefined };
        };
        return {
          next: async () => {
            const { done, value } = await source.next();
            if (done) return { done, value };
            // A source that isn't asynchronous may give promises.
            const item = await value;
            try {
              return { done: false, value: this.#encode(this.#codecs.items, item, "item") };
            } catch (error) {
              // It isn't the source that failed, so it is told; what it has to say of that is of no use to anybody.
              end().catch(() => {});
              throw error;
            }
          },
          return: end,
        };
      },
    };
  }

  /** Decodes the data of an error that is the method's own. */
  #failure(error: unknown): unknown {
    const { channel, method } = this.#call;
    if (!this.#codecs.error || !isError(error, channel, method) || DECODED.has(error)) return error;
    DECODED.add(error);
    return Object.assign(error, { data: this.#decode(this.#codecs.error, error.data, "error") });
  }

  #encode(codec: Codec | undefined, value: unknown, what: string): unknown {
    return this.#coded(codec, value, OUT, what, "invalid_argument");
  }

  #decode(codec: Codec | undefined, value: unknown, what: string): unknown {
    return this.#coded(codec, value, 0, what, "internal");
  }

  #coded(codec: Codec | undefined, value: unknown, way: number, what: string, code: Code): unknown {
    const { channel, method } = this.#call;
    return coded(codec, value, way, `${what} of \`${method}\``, code, `${channel}.${method}`);
  }
}

function coded(
  codec: Codec | undefined,
  value: unknown,
  way: number,
  what: string,
  code: Code,
  method?: string,
): unknown {
  if (!codec) return value;
  try {
    return convert(codec, value, way, what);
  } catch (cause) {
    throw new GlueError(code, GlueError.from(cause).message, { cause, method });
  }
}
