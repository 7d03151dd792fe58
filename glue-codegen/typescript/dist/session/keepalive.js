/**
 * Decides when to ask a silent server for a sign of life, and when to give it up. Any text counts as one. Our
 * question waits behind what was sent before, so while that gets less the server is not given up [K-2].
 */
export class KeepAlive {
    #intervalMs;
    #timeoutMs;
    #deadline;
    #asked = false;
    constructor(intervalMs, timeoutMs, now) {
        this.#intervalMs = intervalMs;
        this.#timeoutMs = timeoutMs;
        this.#deadline = now + intervalMs;
    }
    handleText(now) {
        this.#asked = false;
        this.#deadline = now + this.#intervalMs;
    }
    /** `stalled` tells, when it is time, whether nothing has moved since it told last. */
    handleTimeout(now, stalled) {
        if (now < this.#deadline)
            return undefined;
        const asked = this.#asked;
        if (stalled() && asked)
            return "dead";
        this.#asked = true;
        this.#deadline = now + this.#timeoutMs;
        return asked ? undefined : "ping";
    }
    get deadline() {
        return this.#deadline;
    }
}
