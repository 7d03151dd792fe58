/** The only source of time: whoever needs a clock is given one, so tests run in virtual time. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `task` once, `ms` from now, unless the returned function was called before. */
  after(ms: number, task: () => void): () => void;
}

/** The clock of the platform. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, task) {
    // Beyond that the platform's timers fire at once; whoever waits so long looks at the clock again.
    const timer = setTimeout(task, Math.min(ms, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};
