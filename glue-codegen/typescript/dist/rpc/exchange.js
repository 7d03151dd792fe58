import { MAX_QUEUED, MAX_QUEUED_TEXT } from "../proto/limits.js";
/** What waits for a session. */
export class Queue {
    #exchanges = new Set();
    #size = 0;
    /** Returns false, and takes nothing, when it is full. */
    push(exchange) {
        const size = this.#size + sizeOf(exchange);
        if (this.#exchanges.size >= MAX_QUEUED || size > MAX_QUEUED_TEXT)
            return false;
        this.#size = size;
        this.#exchanges.add(exchange);
        return true;
    }
    remove(exchange) {
        if (this.#exchanges.delete(exchange))
            this.#size -= sizeOf(exchange);
    }
    /** Takes everything out, oldest first. */
    drain() {
        const exchanges = [...this.#exchanges];
        this.#exchanges.clear();
        this.#size = 0;
        return exchanges;
    }
}
function sizeOf({ method, args }) {
    return method.length + args.length;
}
