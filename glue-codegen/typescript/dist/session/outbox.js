import { MAX_BUFFERED_TEXT } from "../proto/limits.js";
/**
 * The send buffer of a socket: it outlives the session, so that what is sent while there is none goes out,
 * in order, in the next. Numbering and replaying for resumed sessions belong here as well.
 */
export class Outbox {
    #waiting = [];
    #size = 0;
    /** Returns false, and takes nothing, when the buffer is full. An empty one takes anything. */
    push(waiting) {
        const size = this.#size + waiting.data.length;
        if (this.#waiting.length && size > MAX_BUFFERED_TEXT)
            return false;
        this.#size = size;
        this.#waiting.push(waiting);
        return true;
    }
    /** Takes everything out, oldest first. */
    drain() {
        const waiting = this.#waiting;
        this.#waiting = [];
        this.#size = 0;
        return waiting;
    }
    get length() {
        return this.#waiting.length;
    }
}
