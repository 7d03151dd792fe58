import { MAX_BUFFERED_TEXT } from "../proto/limits.js";
/**
 * The one queue of a socket: it outlives the session, so that what is sent while there is none, or what the
 * transport has not taken when it broke, goes out in order in the next. Numbering and replaying for resumed
 * sessions belong here as well.
 */
export class Outbox {
    #waiting = [];
    /** What was taken from the front; an array that is shifted is copied each time. */
    #taken = 0;
    #size = 0;
    /** How many at the front are ahead of the others. */
    #ahead = 0;
    /**
     * Returns false, and takes nothing, when the queue is full; `unsent` counts with it. An empty one takes anything, and
     * what goes ahead is always taken: it is short, and there is one for many items that came or for a call that was made.
     */
    push(waiting, unsent = 0) {
        const size = this.#size + waiting.text.length;
        const isAhead = waiting.ephemeral === "ahead";
        if (!isAhead && this.#size + unsent && size + unsent > MAX_BUFFERED_TEXT)
            return false;
        this.#size = size;
        this.#waiting.splice(isAhead ? this.#taken + this.#ahead++ : this.#waiting.length, 0, waiting);
        return true;
    }
    /** The oldest text. */
    peek() {
        return this.#waiting[this.#taken]?.text;
    }
    /** Takes the oldest text out. */
    shift() {
        this.#size -= this.peek()?.length ?? 0;
        this.#taken++;
        if (this.#ahead)
            this.#ahead--;
        // In steps, as what is taken from the front of an array moves all the rest.
        if (this.#taken < 1_000 && this.length)
            return;
        this.#waiting.splice(0, this.#taken);
        this.#taken = 0;
    }
    /** Takes out what `matches`, oldest first. */
    remove(matches) {
        const removed = [];
        const kept = [];
        for (const waiting of this.#waiting.slice(this.#taken))
            (matches(waiting) ? removed : kept).push(waiting);
        this.#waiting = kept;
        this.#taken = 0;
        // What is ahead is ephemeral, as is all in front of which it goes, or everything is taken out.
        this.#ahead = 0;
        for (const { text } of removed)
            this.#size -= text.length;
        return removed;
    }
    get length() {
        return this.#waiting.length - this.#taken;
    }
}
