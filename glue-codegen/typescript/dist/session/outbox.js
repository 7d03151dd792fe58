import { DATA, encodeFrame } from "../proto/frame.js";
import { MAX_BUFFERED_TEXT, MESSAGE_WEIGHT, NEVER, NUMBER_OVERHEAD } from "../proto/limits.js";
import { utf8Length } from "../proto/pair.js";
/**
 * The one queue of a socket: it outlives the session, so that what is sent while there is none, or what the
 * transport has not taken when it broke, goes out in order in the next. What an earlier link of the same session has
 * carried goes out ahead of it.
 */
export class Outbox {
    /** What the server grants; without it the session ends with its link, and nothing more is kept. */
    terms;
    /** How many messages of the server were taken in. */
    received = 0;
    /** The server's name for the session; empty if there is none. */
    socketId = "";
    /** Bytes of the longest message that the server takes. */
    limit = NEVER;
    /** What was sent and not acknowledged, oldest first. */
    #kept = [];
    #weight = 0;
    /** How many were acknowledged. */
    #acked = 0;
    /** How many behind those have left over this link. */
    #carried = 0;
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
    /** The text that is to leave next, if one may: what is kept is bounded, unless it is the only one [U-4]. */
    peek() {
        const text = this.#again ?? this.#next;
        const terms = !this.#again && this.#kept.length && text?.startsWith(DATA) && this.terms;
        return text && terms && this.#weight + weigh(text) > terms.bufferBytes ? undefined : text;
    }
    /** Takes note that it leaves. */
    shift() {
        const isAgain = this.#again;
        const text = isAgain ?? this.#next ?? "";
        if (text.startsWith(DATA)) {
            if (!isAgain && this.terms) {
                this.#kept.push(text);
                this.#weight += weigh(text);
            }
            this.#carried++;
        }
        if (isAgain)
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
    /**
     * The server has accepted a session. Returns whether it is the former, which goes on over another link; undefined if that
     * can't be, and it is over.
     */
    accept(socketId, terms) {
        const isSame = !!this.terms && socketId === this.socketId;
        const received = terms?.received;
        this.terms = undefined;
        if (isSame || received !== undefined) {
            if (!isSame || !this.ack(received, this.#kept.length))
                return undefined;
        }
        else {
            this.#kept = [];
            this.#weight = this.#acked = this.received = 0;
        }
        this.socketId = socketId;
        this.terms = terms;
        this.#carried = 0;
        return isSame;
    }
    /** The server has taken in everything through `number`. Returns whether that can be [U-5]. */
    ack(number, most = this.#carried) {
        const count = number - this.#acked;
        if (!(count >= 0 && count <= most))
            return false;
        for (const text of this.#kept.splice(0, count))
            this.#weight -= weigh(text);
        this.#acked += count;
        this.#carried -= count;
        return true;
    }
    /** The number of the next channel data. */
    get number() {
        return this.#acked + this.#carried + 1;
    }
    /** What the server is told to go on with the session [U-12]. */
    get former() {
        const { received } = this;
        return this.terms && { socketID: this.socketId, token: this.terms.token, received };
    }
    /** Says behind what waits that nothing is begun any more: only what is ephemeral goes out in this session from now on [D-3]. */
    leave() {
        if (this.#held)
            return;
        this.push({ text: encodeFrame("drain"), ephemeral: true });
        this.#held = [];
    }
    /** Says goodbye behind all that waits, whatever of it the server has acknowledged: there is no next session for it. */
    close() {
        this.terms = undefined;
        this.#waiting.push(...(this.#held ?? []));
        this.#held = undefined;
        this.push({ text: encodeFrame("close"), ephemeral: true });
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
        const limit = this.terms ? this.limit - NUMBER_OVERHEAD : this.limit;
        return text.length * 3 <= limit || (text.length <= limit && utf8Length(text) <= limit);
    }
    /** Whether the session is being left. */
    get isLeaving() {
        return !!this.#held;
    }
    get length() {
        return this.#waiting.length - this.#taken;
    }
    /** The next that left over an earlier link only, and may not have arrived. */
    get #again() {
        return this.#kept[this.#carried];
    }
    /** The oldest that has not left. */
    get #next() {
        return this.#waiting[this.#taken]?.text;
    }
}
/** What a message counts for in what is kept. */
export function weigh(text) {
    return utf8Length(text) + MESSAGE_WEIGHT;
}
