import { guarded, type Unsubscribe } from "../emitter.js";
import { GlueError } from "../errors.js";
import { decodeParams, type Envelope, type EnvelopeParams } from "../proto/envelope.js";
import { MAX_HANDLED } from "../proto/limits.js";
import type { Rpc } from "./caller.js";
import { type Callee, type Calls, tooMuch } from "./calls.js";
import { fail, type HandlerContext, handledTwice } from "./handler.js";
import { encodeJson } from "./json.js";
import { isTraceparent } from "./trace.js";

type AnyHandler = (args: never, context: never) => unknown;

/**
 * Answers the server's calls of `method` by `handler`, until the function that it returns is called; then they are
 * `unimplemented` again. Throws a `GlueError`, `invalid_argument`, if there is a handler already.
 */
export function handle(rpc: Rpc, method: string, handler: AnyHandler): Unsubscribe {
  const { calls } = rpc;
  const handlers = calls.callee instanceof Handlers ? calls.callee : new Handlers(calls);
  calls.callee = handlers;
  return handlers.add(method, handler);
}

/** A call of the server that runs. */
interface Running {
  readonly controller: AbortController;
  /** 0 for a notification, and once it is settled for the server. */
  id: number;
  /** Stops the clock of a call with a time-out: one whose handler never ends must not keep a process alive. */
  stop?: () => void;
}

/** The methods of the client. */
class Handlers implements Callee {
  readonly #calls: Calls;
  readonly #handlers = new Map<string, AnyHandler>();
  /** Until their handler is done: one that goes on after a cancel still takes room. */
  #running = new Set<Running>();
  /** The highest number of the session. */
  #last = 0;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  add(method: string, handler: AnyHandler): Unsubscribe {
    if (this.#handlers.has(method)) throw handledTwice(method);
    // A registration of its own: the same function may be given again, and what ended the first must not end that.
    const own: AnyHandler = (args, context) => handler(args, context);
    this.#handlers.set(method, own);
    return () => this.#handlers.get(method) === own && this.#handlers.delete(method);
  }

  receive(envelope: Envelope): boolean {
    const { kind, id = 0, method = "", body = "{}" } = envelope;
    if (kind === "cancel") {
      for (const running of this.#running) if (running.id === id) end(running);
      return id <= this.#last;
    }
    const params = decodeParams(envelope);
    if (!params || id % 2 || (id && id <= this.#last)) return false;
    this.#last = id || this.#last;
    const running: Running = { controller: new AbortController(), id };
    const handler = this.#handlers.get(method);
    const stale = this.#calls.stale(method);
    const args = parse(body);
    if (stale) {
      this.#refuse(running, stale);
    } else if (!handler) {
      this.#refuse(running, new GlueError("unimplemented", `no handler of ${method}`));
    } else if (this.#running.size >= MAX_HANDLED) {
      this.#refuse(running, new GlueError("resource_exhausted", "too many calls under way"));
    } else if (!args) {
      this.#refuse(running, new GlueError("invalid_argument", `${method}: the arguments are no JSON object`));
    } else {
      this.#running.add(running);
      void this.#run(running, method, handler, args, params);
    }
    return true;
  }

  drop(): void {
    for (const running of this.#running) end(running);
    this.#running = new Set();
    this.#last = 0;
  }

  async #run(
    running: Running,
    method: string,
    handler: AnyHandler,
    args: object,
    { timeout, trace }: EnvelopeParams,
  ): Promise<void> {
    const { controller } = running;
    if (timeout)
      running.stop = this.#calls.clock.after(timeout, () => {
        this.#refuse(running, new GlueError("deadline_exceeded", "timed out"));
        end(running);
      });
    const traceparent = isTraceparent(trace) ? trace : undefined;
    try {
      const context: HandlerContext<unknown> = { signal: controller.signal, traceparent, fail };
      const value = await handler(args as never, context as never);
      this.#answer(running, encodeValue(method, value));
    } catch (error) {
      if (!controller.signal.aborted) this.#fail(running, error);
    }
    running.stop?.();
    this.#running.delete(running);
  }

  /** What another call failed with is not for the server, and neither is what nobody meant to throw. */
  #fail(running: Running, error: unknown): void {
    try {
      if (!running.id || !(error instanceof GlueError) || error.method) throw error;
      this.#refuse(running, error);
    } catch (error) {
      this.#refuse(running, new GlueError("internal", "internal error"));
      guarded(() => {
        throw error;
      });
    }
  }

  #refuse(running: Running, { code, message, data }: GlueError): void {
    this.#answer(running, encodeJson("error", { code, message, data }), true);
  }

  /** Does nothing for a notification and for a call that has ended. */
  #answer(running: Running, body: string, isError?: boolean): void {
    // It may have been of a session that is over.
    this.#calls.sync();
    const { id } = running;
    running.id = 0;
    if (id && !this.#calls.send({ kind: isError ? "error" : "ok", id, body })) {
      const { code, message } = tooMuch();
      this.#calls.send({ kind: "error", id, body: JSON.stringify({ code, message }) });
    }
  }
}

/** The server waits for nothing more of it. */
function end(running: Running): void {
  running.id = 0;
  running.stop?.();
  running.controller.abort();
}

/** Reads arguments; they are an object. */
function parse(body: string): object | undefined {
  try {
    const args: unknown = JSON.parse(body);
    return typeof args === "object" && args && !Array.isArray(args) ? args : undefined;
  } catch {
    return undefined;
  }
}

/** What can't be written is our mistake, and no message for the server. */
function encodeValue(method: string, value: unknown): string {
  try {
    return encodeJson(`value of ${method}`, value);
  } catch (cause) {
    throw new TypeError((cause as GlueError).message, { cause });
  }
}
