/** The delays before the attempts of one outage. */
export class Backoff {
    #options;
    #attempts = 0;
    constructor(options) {
        this.#options = options;
    }
    /**
     * The delay before the next attempt in milliseconds, or undefined to give up. It is drawn from the upper
     * half of the growing limit: clients that lost a server together must not come back together, and yet a
     * server that restarts must find the time for it before they give up.
     */
    next() {
        const { reconnectDelay, reconnectDelayMax, reconnectAttempts, random } = this.#options;
        if (reconnectAttempts && this.#attempts >= reconnectAttempts)
            return undefined;
        this.#attempts++;
        const limit = Math.min(reconnectDelay * this.#attempts, Math.max(reconnectDelay, reconnectDelayMax));
        return limit * (0.5 + 0.5 * random());
    }
    /** A session was accepted: the outage is over. */
    reset() {
        this.#attempts = 0;
    }
}
