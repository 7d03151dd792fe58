import { NEVER } from "../proto/limits.js";
/**
 * Decides when to ask a silent server for a sign of life, and when to give it up. Any text counts as one. Our
 * question waits behind what was sent before, so while that gets less the server is not given up [K-2].
 */
export class KeepAlive {
    #times;
    /** None before {@link handleText}. */
    #deadline = NEVER;
    #asked = false;
    constructor(times) {
        this.#times = times;
    }
    handleText(now) {
        this.#asked = false;
        this.#deadline = now + this.#times.pingInterval;
    }
    /** `stalled` tells, when it is time, whether nothing has moved since it told last. */
    handleTimeout(now, stalled) {
        if (now < this.#deadline)
            return undefined;
        const asked = this.#asked;
        if (stalled() && asked)
            return "dead";
        this.#asked = true;
        this.#deadline = now + this.#times.pingReconnectTimeout;
        return asked ? undefined : "ping";
    }
    get deadline() {
        return this.#deadline;
    }
}
