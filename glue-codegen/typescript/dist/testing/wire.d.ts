import type { Clock } from "../clock.js";
/** One of the two ways. */
export type Direction = "toServer" | "toClient";
/** What lies between a client and the server: it carries things, in order, as well as its faults allow. */
export declare class Wire {
    #private;
    /** `latency` is asked for each thing that is carried, and gives milliseconds. */
    constructor(clock: Clock, latency: () => number);
    /** Calls `deliver` when it has come to the other end: after the latency, without one in a microtask. */
    carry(direction: Direction, deliver: () => void): void;
    /** Keeps everything back until {@link resume}. */
    stall(): void;
    /** Ends {@link stall}: what was kept back arrives. */
    resume(): void;
    get isStalled(): boolean;
    /**
     * Lets nothing arrive any more, in both directions unless one is named: what is left of a connection when a machine or
     * the route to it dies. Nobody is told, and it can't be mended.
     */
    lose(direction?: Direction): void;
}
