import { guarded } from "../emitter.js";
import { GlueError } from "../errors.js";
import { decodeParams } from "../proto/envelope.js";
import { MAX_HANDLED } from "../proto/limits.js";
import { tooMuch } from "./calls.js";
import { fail, handledTwice } from "./handler.js";
import { encodeJson } from "./json.js";
import { isTraceparent } from "./trace.js";
/**
 * Answers the server's calls of `method` by `handler`, until the function that it returns is called; then they are
 * `unimplemented` again. Throws a `GlueError`, `invalid_argument`, if there is a handler already.
 */
export function handle(rpc, method, handler) {
    const { calls } = rpc;
    const handlers = calls.callee instanceof Handlers ? calls.callee : new Handlers(calls);
    calls.callee = handlers;
    return handlers.add(method, handler);
}
/** The methods of the client. */
class Handlers {
    #calls;
    #handlers = new Map();
    /** Until their handler is done: one that goes on after a cancel still takes room. */
    #running = new Set();
    /** The highest number of the session. */
    #last = 0;
    constructor(calls) {
        this.#calls = calls;
    }
    add(method, handler) {
        if (this.#handlers.has(method))
            throw handledTwice(method);
        // A registration of its own: the same function may be given again, and what ended the first must not end that.
        const own = (args, context) => handler(args, context);
        this.#handlers.set(method, own);
        return () => this.#handlers.get(method) === own && this.#handlers.delete(method);
    }
    receive(envelope) {
        const { kind, id = 0, method = "", body = "{}" } = envelope;
        if (kind === "cancel") {
            for (const running of this.#running)
                if (running.id === id)
                    end(running);
            return id <= this.#last;
        }
        const params = decodeParams(envelope);
        if (!params || id % 2 || (id && id <= this.#last))
            return false;
        this.#last = id || this.#last;
        const running = { controller: new AbortController(), id };
        const handler = this.#handlers.get(method);
        const stale = this.#calls.stale(method);
        const args = parse(body);
        if (stale) {
            this.#refuse(running, stale);
        }
        else if (!handler) {
            this.#refuse(running, new GlueError("unimplemented", `no handler of ${method}`));
        }
        else if (this.#running.size >= MAX_HANDLED) {
            this.#refuse(running, new GlueError("resource_exhausted", "too many calls under way"));
        }
        else if (!args) {
            this.#refuse(running, new GlueError("invalid_argument", `${method}: the arguments are no JSON object`));
        }
        else {
            this.#running.add(running);
            void this.#run(running, method, handler, args, params);
        }
        return true;
    }
    drop() {
        for (const running of this.#running)
            end(running);
        this.#running = new Set();
        this.#last = 0;
    }
    async #run(running, method, handler, args, { timeout, trace }) {
        const { controller } = running;
        if (timeout)
            running.stop = this.#calls.clock.after(timeout, () => {
                this.#refuse(running, new GlueError("deadline_exceeded", "timed out"));
                end(running);
            });
        const traceparent = isTraceparent(trace) ? trace : undefined;
        try {
            const context = { signal: controller.signal, traceparent, fail };
            const value = await handler(args, context);
            this.#answer(running, encodeValue(method, value));
        }
        catch (error) {
            if (!controller.signal.aborted)
                this.#fail(running, error);
        }
        running.stop?.();
        this.#running.delete(running);
    }
    /** What another call failed with is not for the server, and neither is what nobody meant to throw. */
    #fail(running, error) {
        try {
            if (!running.id || !(error instanceof GlueError) || error.method)
                throw error;
            this.#refuse(running, error);
        }
        catch (error) {
            this.#refuse(running, new GlueError("internal", "internal error"));
            guarded(() => {
                throw error;
            });
        }
    }
    #refuse(running, { code, message, data }) {
        this.#answer(running, encodeJson("error", { code, message, data }), true);
    }
    /** Does nothing for a notification and for a call that has ended. */
    #answer(running, body, isError) {
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
function end(running) {
    running.id = 0;
    running.stop?.();
    running.controller.abort();
}
/** Reads arguments; they are an object. */
function parse(body) {
    try {
        const args = JSON.parse(body);
        return typeof args === "object" && args && !Array.isArray(args) ? args : undefined;
    }
    catch {
        return undefined;
    }
}
/** What can't be written is our mistake, and no message for the server. */
function encodeValue(method, value) {
    try {
        return encodeJson(`value of ${method}`, value);
    }
    catch (cause) {
        throw new TypeError(cause.message, { cause });
    }
}
