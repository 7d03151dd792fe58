/** A channel as the server sees it. */
export class PeerChannel {
    name;
    #send;
    #clock;
    #unread = [];
    #listener;
    /** @internal */
    constructor(name, send, clock) {
        this.name = name;
        this.#send = send;
        this.#clock = clock;
    }
    /** Sends `data` to the client. */
    send(data) {
        this.#send(data);
    }
    /** Sets the one listener for what the client sends, and gives it what nobody has read so far. */
    onMessage(listener) {
        this.#listener = listener;
        for (const data of this.take())
            listener(data);
    }
    /**
     * The next text of the client that nobody has read. Virtual time passes until it comes.
     *
     * @throws Error if it doesn't within `withinMs` milliseconds, by default a minute.
     */
    async receive(withinMs) {
        await this.#clock.until(() => this.#unread.length > 0, `data on channel ${this.name}`, withinMs);
        return this.#unread.shift();
    }
    /** All that the client has sent and nobody has read, without waiting. */
    take() {
        return this.#unread.splice(0);
    }
    /** @internal */
    deliver(data) {
        if (this.#listener)
            this.#listener(data);
        else
            this.#unread.push(data);
    }
}
