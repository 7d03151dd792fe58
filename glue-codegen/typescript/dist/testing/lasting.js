import { decodeNumber, encodeFrame } from "../proto/frame.js";
import { ACK_TIME } from "../proto/limits.js";
import { Outbox, weigh } from "../session/outbox.js";
/**
 * What of a session outlives its connections, at the server's end: what it sends waits here, and is kept until the client has
 * it, as PROTOCOL.md, part 21, has it.
 */
export class Lasting {
    #clock;
    #send;
    #outbox = new Outbox();
    /** Tokens that are taken: the one that was presented last, and the one that was issued last. */
    #tokens = [];
    #socketId = "";
    #terms;
    /** Channel data to come that was taken in already. */
    #skip = 0;
    #untold = 0;
    #cancelAck;
    /** `send` puts a message on the present connection. */
    constructor(clock, send) {
        this.#clock = clock;
        this.#send = send;
    }
    /** Starts a session; without terms it ends with its connection. */
    start(socketId, token, terms) {
        this.#socketId = socketId;
        this.#terms = terms;
        this.#tokens = [token];
        this.#outbox.accept(socketId, terms && { ...terms, token, received: undefined });
    }
    /** Goes on over another connection, by which the client says so. Returns whether that can be. */
    resume(presented, token, received) {
        if (!this.#terms || !this.#outbox.accept(this.#socketId, { ...this.#terms, token, received }))
            return false;
        this.#tokens = [presented, token];
        this.#skip = 0;
        this.rest();
        return true;
    }
    /** It has no connection. */
    rest() {
        this.#untold = 0;
        this.#cancelAck?.();
        this.#cancelAck = undefined;
    }
    /** Sends what waits without heeding how much of it the client has acknowledged: it is the end. */
    release() {
        this.#terms = undefined;
        this.#outbox.terms = undefined;
    }
    takes(token) {
        return this.#tokens.includes(token);
    }
    /** The member `resume` of the server's `in`. */
    offer(isResumed) {
        const received = isResumed ? this.received : undefined;
        return this.#terms && { token: this.#tokens.at(-1), received, ...this.#terms };
    }
    /** How many messages of the client have arrived. */
    get received() {
        return this.#outbox.received;
    }
    get isLasting() {
        return !!this.#terms;
    }
    push(message) {
        this.#outbox.push({ text: message });
    }
    /** Sends what waits, as far as the client has acknowledged enough. */
    flush() {
        for (let text = this.#outbox.peek(); text !== undefined; text = this.#outbox.peek()) {
            this.#outbox.shift();
            this.#send(text);
        }
    }
    /** Channel data has come. Returns whether it is the first time. */
    takeIn(message) {
        if (this.#skip > 0) {
            this.#skip--;
            return false;
        }
        this.#outbox.received++;
        if (!this.#terms)
            return true;
        this.#untold += weigh(message);
        if (this.#untold * 4 >= this.#terms.bufferBytes)
            this.#ack();
        else
            this.#cancelAck ??= this.#clock.after(ACK_TIME, () => this.#ack());
        return true;
    }
    /** Returns whether the number that the client has acknowledged can be. */
    acknowledged(number) {
        return this.#outbox.ack(decodeNumber(number));
    }
    /** What comes next has this number. Returns whether nothing is missing; undefined if it is none. */
    numbered(text) {
        const number = decodeNumber(text);
        if (number === undefined)
            return undefined;
        this.#skip = this.received + 1 - number;
        return this.#skip >= 0;
    }
    #ack() {
        this.rest();
        this.#send(encodeFrame("ack", `${this.received}`));
    }
}
