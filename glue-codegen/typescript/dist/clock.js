/** The clock of the platform. */
export const systemClock = {
    now: () => performance.now(),
    after(ms, task) {
        // Beyond that the platform's timers fire at once; whoever waits so long looks at the clock again.
        const timer = setTimeout(task, Math.min(ms, 2 ** 31 - 1));
        return () => clearTimeout(timer);
    },
};
