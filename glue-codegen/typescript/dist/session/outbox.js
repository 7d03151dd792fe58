import { MAX_BUFFERED_TEXT, NEVER, NUMBER_OVERHEAD } from "../proto/limits.js";
import { utf8Length } from "../proto/pair.js";
import { Replay } from "./replay.js";
/**
 * The one queue of a socket: it outlives the session, so that what is sent while there is none, or what the
 * transport has not taken when it broke, goes out in order in the next. What an earlier link of the same session has
 * carried goes out ahead of it.
 */
export class Outbox {
    replay = new Replay();
    /** Bytes of the longest message that the server takes. */
    limit = NEVER;
    #waiting = [];
    /** What was taken from the front; an array that is shifted is copied each time. */
    #taken = 0;
    #size = 0;
    /** How many at the front are ahead of the others. */
    #ahead = 0;
    /** What waits for the next session, once this one is being left. */
    #held;
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
        if (this.#held && !waiting.ephemeral)
            this.#held.push(waiting);
        else
            this.#waiting.splice(isAhead ? this.#taken + this.#ahead++ : this.#waiting.length, 0, waiting);
        return true;
    }
    /** The text that is to leave next, if one may. */
    peek() {
        const { again } = this.replay;
        const text = again ?? this.#waiting[this.#taken]?.text;
        return again || (text && this.replay.admits(text)) ? text : undefined;
    }
    /** Takes note that it leaves. */
    shift() {
        const { again } = this.replay;
        const text = again ?? this.#waiting[this.#taken]?.text ?? "";
        this.replay.carry(text);
        if (again)
            return;
        this.#size -= text.length;
        this.#taken++;
        if (this.#ahead)
            this.#ahead--;
        // In steps, as what is taken from the front of an array moves all the rest.
        if (this.#taken < 1_000 && this.length)
            return;
        this.#waiting.splice(0, this.#taken);
        this.#taken = 0;
    }
    /** From now on only what is ephemeral goes out in this session. */
    leave() {
        this.#held ??= [];
    }
    /** Takes out what `matches`, oldest first, while there is no session. */
    remove(matches) {
        const removed = [];
        const kept = [];
        for (const waiting of [...this.#waiting.slice(this.#taken), ...(this.#held ?? [])])
            (matches(waiting) ? removed : kept).push(waiting);
        this.#waiting = kept;
        this.#held = undefined;
        this.#taken = 0;
        // What is ahead is ephemeral, as is all in front of which it goes, or everything is taken out.
        this.#ahead = 0;
        for (const { text } of removed)
            this.#size -= text.length;
        return removed;
    }
    /** Whether the server takes `text`, and what it is sent with. */
    fits(text) {
        const limit = this.replay.terms ? this.limit - NUMBER_OVERHEAD : this.limit;
        return text.length * 3 <= limit || (text.length <= limit && utf8Length(text) <= limit);
    }
    /** Whether the session is being left. */
    get isLeaving() {
        return !!this.#held;
    }
    get length() {
        return this.#waiting.length - this.#taken;
    }
}
