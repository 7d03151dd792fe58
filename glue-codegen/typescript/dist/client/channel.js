import { guarded } from "../emitter.js";
/** A named lane inside a socket. */
export class Channel {
    #send;
    #listener;
    /** @internal */
    constructor(send) {
        this.#send = send;
    }
    /** Sends `data`, at once or with the next connection; `discarded` is called if that doesn't come in time. */
    send(data, discarded) {
        return this.#send(data, discarded);
    }
    /** Sets the one listener for incoming data. */
    onMessage(listener) {
        this.#listener = listener;
    }
    /** @internal */
    deliver(data) {
        const listener = this.#listener;
        if (listener)
            guarded(() => listener(data));
    }
}
