/** Virtual time: it passes only when it is told to, so a test of minutes takes none. */
export class ManualClock {
    #now = 0;
    /** Soonest first, and of those due together the oldest. */
    #timers = [];
    /** Timers that ran since time has passed. */
    #idle = 0;
    /** The step under way: of several that are asked for at once each begins when the last is done. */
    #step = Promise.resolve();
    now() {
        return this.#now;
    }
    after(ms, task) {
        const timer = { at: this.#now + Math.max(0, ms), task };
        const index = this.#timers.findIndex(({ at }) => at > timer.at);
        this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
        return () => {
            this.#timers = this.#timers.filter((other) => other !== timer);
        };
    }
    /** Lets `ms` milliseconds pass: runs what falls due, in order, and lets promises settle before and after each. */
    async advance(ms) {
        const end = this.#now + ms;
        await this.settle();
        while (await this.#next(end)) { }
        this.#now = Math.max(this.#now, end);
    }
    /**
     * Lets time pass, from timer to timer, until `isDone` returns true, and no further.
     *
     * @throws Error, naming `what`, if it doesn't within `withinMs` milliseconds, by default a minute.
     */
    async until(isDone, what = "what was waited for", withinMs = 60_000) {
        const end = this.#now + withinMs;
        await this.settle();
        while (!isDone()) {
            const went = await this.#next(end);
            // Another who lets time pass may have gone the last step.
            if (!went && !isDone())
                throw new Error(`${what} didn't come within ${withinMs} ms of virtual time`);
        }
    }
    /** Lets every promise that can settle do so, without any time passing. */
    settle() {
        return new Promise((resolve) => {
            // A turn of the event loop: all that promises cause is done by then, however long the chain. Timers of the platform
            // would do as well, but test tools replace them.
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => {
                port1.close();
                resolve();
            };
            port2.postMessage(0);
        });
    }
    /** How many timers are set. */
    get pending() {
        return this.#timers.length;
    }
    /** Runs the next timer, if one is due by `end`. */
    #next(end) {
        const step = this.#step.then(async () => {
            const [due] = this.#timers;
            if (!due || due.at > end)
                return false;
            this.#timers.shift();
            this.#idle = due.at > this.#now ? 0 : this.#idle + 1;
            if (this.#idle > MAX_IDLE)
                throw new Error("timers are set again and again without any time passing");
            this.#now = due.at;
            due.task();
            await this.settle();
            return true;
        });
        this.#step = step.catch(() => { });
        return step;
    }
}
/** A page does less in a moment; what does more would never come to an end. */
const MAX_IDLE = 10_000;
