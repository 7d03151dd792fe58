import type { Clock } from "../clock.js";
/** Virtual time: it passes only when it is told to, so a test of minutes takes none. */
export declare class ManualClock implements Clock {
    #private;
    now(): number;
    after(ms: number, task: () => void): () => void;
    /** Lets `ms` milliseconds pass: runs what falls due, in order, and lets promises settle before and after each. */
    advance(ms: number): Promise<void>;
    /**
     * Lets time pass, from timer to timer, until `isDone` returns true, and no further.
     *
     * @throws Error, naming `what`, if it doesn't within `withinMs` milliseconds, by default a minute.
     */
    until(isDone: () => boolean, what?: string, withinMs?: number): Promise<void>;
    /** Lets every promise that can settle do so, without any time passing. */
    settle(): Promise<void>;
    /** How many timers are set. */
    get pending(): number;
}
