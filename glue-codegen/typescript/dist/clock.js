/** The clock of the platform. */
export const systemClock = {
    now: () => performance.now(),
    after(ms, task) {
        const timer = setTimeout(task, ms);
        return () => clearTimeout(timer);
    },
};
