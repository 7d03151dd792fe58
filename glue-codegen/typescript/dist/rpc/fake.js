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
import { Emitter } from "../emitter.js";
import { GlueError } from "../errors.js";
import { fail, handledTwice } from "./handler.js";
/** The server that a test plays for a generated fake, without a socket: it records calls, and answers them by stubs. */
export class Fake {
    #channel;
    #stubs;
    #events = new Emitter();
    #handlers = new Map();
    /** What was called, oldest first; notifications and streams too, a stream when it was called and not per iteration. */
    calls = [];
    constructor(channel, stubs) {
        this.#channel = channel;
        // Without what every object has, or a method `toString` would seem to be there.
        this.#stubs = Object.assign(Object.create(null), stubs);
    }
    /** Calls the listeners of `event`. */
    emit(event, data) {
        this.#events.emit(event, data);
    }
    /**
     * Calls a method of the client, as the server would. Fails with `unimplemented` if nothing handles it, and with what
     * the handler throws.
     */
    async request(method, args) {
        const handler = this.#handlers.get(method);
        if (!handler)
            throw new GlueError("unimplemented", `no handler of ${String(method)}`);
        const context = { signal: new AbortController().signal, traceparent: undefined, fail };
        return (await handler(args, context));
    }
    /** For generated code, as what follows. @internal */
    call(method, args, wire = method) {
        const run = this.#run(method, args);
        return (async () => {
            try {
                return await run();
            }
            catch (error) {
                throw this.#failure(error, wire);
            }
        })();
    }
    /** @internal */
    stream(method, args, wire = method) {
        const run = this.#run(method, args);
        const failure = (error) => this.#failure(error, wire);
        return {
            async *[Symbol.asyncIterator]() {
                try {
                    yield* run();
                }
                catch (error) {
                    throw failure(error);
                }
            },
        };
    }
    /** @internal */
    notify(method, args) {
        const run = this.#run(method, args);
        if (this.#stubs[method])
            run();
        return undefined;
    }
    /** @internal */
    on(event, listener) {
        return this.#events.add(event, listener);
    }
    /** @internal */
    handle(method, handler) {
        if (this.#handlers.has(method))
            throw handledTwice(String(method));
        // As in the real one: a second registration of a function is not ended by what ended the first.
        const own = (args, context) => handler(args, context);
        this.#handlers.set(method, own);
        return () => this.#handlers.get(method) === own && this.#handlers.delete(method);
    }
    /** Notes the call, and returns what runs its stub. */
    #run(method, args) {
        this.calls.push({ method, args });
        return () => {
            const stub = this.#stubs[method];
            if (!stub)
                throw new GlueError("unimplemented", `no stub of ${method}`);
            return stub(...args);
        };
    }
    /** What a stub throws as its own error is the method's. */
    #failure(error, wire) {
        if (error instanceof GlueError && !error.method) {
            Object.assign(error, { method: `${this.#channel}.${wire}` });
        }
        return error;
    }
}
