import { Calls } from "./calls.js";
/** Typed calls over one channel of a socket, with options of their own. */
export class Rpc {
    /** What all that is opened for the same channel of the same socket shares. @internal */
    calls;
    #options;
    /** The calls over the channel `name` of `socket`. */
    static open(socket, name, contract, options) {
        return new Rpc(Calls.of(socket, name, contract), options);
    }
    constructor(calls, options = {}) {
        this.calls = calls;
        this.#options = options;
    }
    /** Calls `method`; fails with a `GlueError`. */
    async call(method, args, options) {
        return this.run("call", method, args, options);
    }
    /** Sends a notification, which is never answered. Throws a `GlueError` if it can't even wait. */
    notify(method, args, options) {
        this.run("notification", method, args, options);
    }
    /** The items of a stream. Each iteration is an exchange of its own, and leaving it ends that at the server. */
    stream(method, args, options) {
        return this.run("stream", method, args, options);
    }
    /** Listens to the server's events. */
    on(event, listener) {
        return this.calls.on(event, listener);
    }
    /** How much of what the server sent made no sense. */
    get faults() {
        return this.calls.faults;
    }
    /** Makes a call, through the interceptor; `open` makes what sends `items`. @internal */
    run(kind, method, args, options = {}, items, open) {
        const { intercept, timeoutMs, traceparent } = this.#options;
        const next = ({ args, options, items }) => this.calls[kind](method, args, {
            ...options,
            timeoutMs: options.timeoutMs ?? timeoutMs,
            traceparent: options.traceparent ?? traceparent?.(),
        }, open?.(items));
        const call = { channel: this.calls.name, method, kind, args, options, items };
        return intercept ? intercept(call, next) : next(call);
    }
}
