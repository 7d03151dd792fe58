import type { ManualClock } from "./manual-clock.js";
/** A channel as the server sees it. */
export declare class PeerChannel {
    #private;
    readonly name: string;
    /** @internal */
    constructor(name: string, send: (data: string) => void, clock: ManualClock);
    /** Sends `data` to the client. */
    send(data: string): void;
    /** Sets the one listener for what the client sends, and gives it what nobody has read so far. */
    onMessage(listener: (data: string) => void): void;
    /**
     * The next text of the client that nobody has read. Virtual time passes until it comes.
     *
     * @throws Error if it doesn't within `withinMs` milliseconds, by default a minute.
     */
    receive(withinMs?: number): Promise<string>;
    /** All that the client has sent and nobody has read, without waiting. */
    take(): string[];
    /** @internal */
    deliver(data: string): void;
}
