import { Call } from "./call.js";
import type { ManualClock } from "./manual-clock.js";
import type { PeerChannel } from "./peer-channel.js";
/**
 * Methods by name. Each gets the arguments by name, and returns a value, a promise of one, or, if it is a generator, the
 * items of a stream. It fails by throwing: a `GlueError` reaches the client as it is, anything else as `internal`.
 */
export type Methods = Readonly<Record<string, (args: never, call: Call) => unknown>>;
/** Options of {@link PeerRpc.call}. */
export interface PeerCallOptions {
    /** Milliseconds that the client is told the server waits; the test plays the server's part in that. */
    readonly timeoutMs?: number | undefined;
    readonly traceparent?: string | undefined;
    /** Cancels the call at the client; it fails with `cancelled` here. */
    readonly signal?: AbortSignal | undefined;
}
/** The server's side of the typed calls of one channel. It greets by itself. */
export declare class PeerRpc {
    #private;
    /** What the server says in its greeting, such as `schema` and `methods`. */
    greeting: object;
    /** @internal */
    constructor(channel: PeerChannel, clock: ManualClock);
    /** Answers every call by these methods from now on, those that wait as well. Any other method is `unimplemented`. */
    serve(methods: Methods): void;
    /**
     * The next call that nobody has answered. Virtual time passes until it comes.
     *
     * @throws Error if it doesn't within `withinMs` milliseconds, by default a minute.
     */
    nextCall(withinMs?: number): Promise<Call>;
    /** Sends an event. A client hears none before its first call on the channel. */
    emit(event: string, data: unknown): void;
    /** Calls a method of the client, which must have sent something on the channel; fails with a `GlueError`. */
    call<T>(method: string, args?: object, options?: PeerCallOptions): Promise<T>;
    /** Sends the client a notification. */
    notify(method: string, args?: object): void;
    /** Whether a call is under way, of either side; streams don't count. @internal */
    get isBusy(): boolean;
    /** The session has ended. @internal */
    close(): void;
}
