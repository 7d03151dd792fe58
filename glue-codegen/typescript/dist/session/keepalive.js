/** Decides when to ask a silent server for a sign of life, and when to give it up. Any text counts as one. */
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
    handleTimeout(now) {
        if (now < this.#deadline)
            return undefined;
        if (this.#asked)
            return "dead";
        this.#asked = true;
        this.#deadline = now + this.#timeoutMs;
        return "ping";
    }
    get deadline() {
        return this.#deadline;
    }
}
