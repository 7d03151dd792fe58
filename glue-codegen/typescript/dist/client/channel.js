import { guarded } from "../emitter.js";
/** A named lane inside a socket. */
export class Channel {
    #send;
    #forget;
    #listener;
    /** @internal */
    constructor(send, forget) {
        this.#send = send;
        this.#forget = forget;
    }
    /**
     * Sends `data`, at once or with the next connection. `discarded` is called if it was thrown away: because no
     * connection came in time, too much waits already, or it is longer than the server takes.
     *
     * What is `ephemeral` goes out in the present session or not at all, and `"ahead"` of what still waits if it says so.
     */
    send(data, discarded, ephemeral) {
        return this.#send(data, discarded, ephemeral);
    }
    /** Sets the one listener for incoming data. The returned function takes it away, if it still is the one. */
    onMessage(listener) {
        this.#listener = listener;
        return () => {
            if (this.#listener === listener)
                this.#listener = undefined;
        };
    }
    /**
     * Forgets the channel: what comes for it is dropped, until the socket is asked for it again. Not for a channel
     * with typed calls, whose answers would be dropped as well.
     */
    close() {
        this.#listener = undefined;
        this.#forget(this);
    }
    /** @internal */
    deliver(data) {
        const listener = this.#listener;
        if (listener)
            guarded(() => listener(data));
    }
}
