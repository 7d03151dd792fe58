/** The only source of time: whoever needs a clock is given one, so tests run in virtual time. */
export interface Clock {
    /** Milliseconds since some fixed moment; never goes back. */
    now(): number;
    /** Calls `task` once, `ms` from now, unless the returned function was called before. */
    after(ms: number, task: () => void): () => void;
}
/** The clock of the platform. */
export declare const systemClock: Clock;
