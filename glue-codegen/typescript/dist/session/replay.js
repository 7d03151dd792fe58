import { DATA } from "../proto/frame.js";
import { MESSAGE_WEIGHT } from "../proto/limits.js";
import { utf8Length } from "../proto/pair.js";
/** What of a session outlives its links: who it is, and which messages have arrived on either side [U-2]. */
export class Replay {
    /** How many messages of the server were taken in. */
    received = 0;
    /** What the server grants; without it the session ends with its link, and nothing more is kept. */
    terms;
    #socketId = "";
    /** What was sent and not acknowledged, oldest first. */
    #kept = [];
    #weight = 0;
    /** How many were acknowledged. */
    #acked = 0;
    /** How many behind those have left over this link. */
    #carried = 0;
    /** Starts a session, which ends with its link if there are no terms. What there was is forgotten. */
    start(socketId = "", terms) {
        this.#socketId = socketId;
        this.terms = terms;
        this.#kept = [];
        this.#weight = this.#acked = this.#carried = this.received = 0;
    }
    /** Goes on over another link. Returns whether that can be; it is over otherwise. */
    resume(socketId, terms) {
        const isSame = this.terms && socketId === this.#socketId && this.ack(terms?.received, this.#kept.length);
        this.terms = isSame ? terms : undefined;
        this.#carried = 0;
        return !!this.terms;
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
    /** Whether `text` may be sent now: what is kept is bounded, unless it is the only one [U-4]. */
    admits(text) {
        const terms = this.#kept.length && text.startsWith(DATA) && this.terms;
        return !terms || this.#weight + weigh(text) <= terms.bufferBytes;
    }
    /** Takes note of a text that leaves over this link. */
    carry(text) {
        if (!text.startsWith(DATA))
            return;
        if (this.terms && !this.again) {
            this.#kept.push(text);
            this.#weight += weigh(text);
        }
        this.#carried++;
    }
    /** The next that left over an earlier link only, and may not have arrived. */
    get again() {
        return this.#kept[this.#carried];
    }
    /** The number of the next. */
    get next() {
        return this.#acked + this.#carried + 1;
    }
    /** What the server is told to go on with it [U-12]. */
    get former() {
        const { received } = this;
        return this.terms && { socketID: this.#socketId, token: this.terms.token, received };
    }
}
/** What a message counts for in what is kept. */
export function weigh(text) {
    return utf8Length(text) + MESSAGE_WEIGHT;
}
