import { MAX_QUEUED, MAX_QUEUED_TEXT } from "../proto/limits.js";
/** The exchanges of one session by number. */
export class InFlight {
    #exchanges = new Map();
    #last = -1;
    /** Numbers `exchange`: the client's numbers are odd and rise. */
    add(exchange) {
        this.#last += 2;
        exchange.id = this.#last;
        this.#exchanges.set(exchange.id, exchange);
    }
    get(id) {
        return this.#exchanges.get(id);
    }
    /** Whether `exchange` is open here. Its number alone doesn't say so: the next session counts anew. */
    has(exchange) {
        return this.#exchanges.get(exchange.id) === exchange;
    }
    remove(exchange) {
        return this.has(exchange) && this.#exchanges.delete(exchange.id);
    }
    /** Whether `id` was given out in this session, to an exchange that may have ended since. */
    wasOpened(id) {
        return id % 2 === 1 && id <= this.#last;
    }
    drain() {
        return [...this.#exchanges.values()];
    }
}
/** What waits for a session: exchanges, and notifications as ready texts. */
export class Queue {
    #entries = [];
    #size = 0;
    /** Returns false, and takes nothing, when it is full. */
    push(entry) {
        const size = this.#size + sizeOf(entry);
        if (this.#entries.length >= MAX_QUEUED || size > MAX_QUEUED_TEXT)
            return false;
        this.#size = size;
        this.#entries.push(entry);
        return true;
    }
    remove(entry) {
        const index = this.#entries.indexOf(entry);
        if (index < 0)
            return;
        this.#entries.splice(index, 1);
        this.#size -= sizeOf(entry);
    }
    /** Takes everything out, oldest first. */
    drain() {
        const entries = this.#entries;
        this.#entries = [];
        this.#size = 0;
        return entries;
    }
}
function sizeOf(entry) {
    return typeof entry === "string" ? entry.length : entry.method.length + entry.args.length;
}
