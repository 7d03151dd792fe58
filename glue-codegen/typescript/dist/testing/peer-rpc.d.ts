import { Call } from "./call.js";
import type { ManualClock } from "./manual-clock.js";
import type { PeerChannel } from "./peer-channel.js";
/**
 * Methods by name. Each gets the arguments by name, and returns a value, a promise of one, or, if it is a generator, the
 * items of a stream. It fails by throwing: a `GlueError` reaches the client as it is, anything else as `internal`.
 */
export type Methods = Readonly<Record<string, (args: never, call: Call) => unknown>>;
/** The server's side of the typed calls of one channel. It greets by itself. */
export declare class PeerRpc {
    #private;
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
    /** The session has ended. @internal */
    close(): void;
}
