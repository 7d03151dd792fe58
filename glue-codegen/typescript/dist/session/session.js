import { decodeBatch, encodeBatch } from "../proto/batch.js";
import { DATA, decodeFrame, decodeNumber, encodeFrame } from "../proto/frame.js";
import { decodeServerInit } from "../proto/init.js";
import { ACK_TIME, BATCH_OVERHEAD, MAX_BATCH_MESSAGES, MAX_BATCH_TEXT, MAX_CREDIT, MAX_FAULTS, NEVER, NUMBER_OVERHEAD, } from "../proto/limits.js";
import { decodePair } from "../proto/pair.js";
import { KeepAlive } from "./keepalive.js";
import { weigh } from "./outbox.js";
/**
 * The protocol of one connection, in the client's role: without I/O, and the time is a parameter.
 * Texts and the passing of time go in, texts to send and events come out. What the socket sends is taken from
 * its outbox, which also knows what of the session outlives the connection.
 */
export class Session {
    #outbox;
    /** Whether a name is one of an open channel; decides how the length of a name beyond ASCII is read. */
    #isChannel;
    #keepAlive;
    #connectDeadline;
    #state = "opening";
    /** They go ahead of all data [K-5]. */
    #control = [];
    #events = [];
    #faults = 0;
    /** What the server has agreed on. */
    #init;
    /** Whether channel data is sent behind its number, as what carries it may come twice [U-8]. */
    #isNumbered = false;
    /** The weight of what was taken in since the server was told, and when it is told at the latest [U-3]. */
    #untold = 0;
    #ackDeadline = NEVER;
    /** Goes ahead of all else [U-7]. */
    #ack;
    constructor(times, outbox, isChannel, now) {
        this.#outbox = outbox;
        this.#isChannel = isChannel;
        this.#keepAlive = new KeepAlive(times);
        this.#connectDeadline = now + times.connectTimeout;
    }
    /** The transport can send; `init` is what the client says of itself. Where a text may arrive twice, it `repeats`. */
    handleOpen(init, now, repeats = false) {
        this.#isNumbered = repeats;
        this.#keepAlive.handleText(now);
        this.#control.push(encodeFrame("init", init));
    }
    handleText(text, now) {
        this.#keepAlive.handleText(now);
        this.#handle(text, now);
    }
    /** `stalled` tells whether nothing that was sent has left since it told last. */
    handleTimeout(now, stalled) {
        if (now >= this.#connectDeadline)
            this.#end("connect_timeout");
        if (this.#state === "ended")
            return;
        if (now >= this.#ackDeadline)
            this.#acknowledge();
        const verdict = this.#keepAlive.handleTimeout(now, stalled);
        if (verdict === "ping")
            this.#control.push(encodeFrame("ping"));
        else if (verdict)
            this.#end("timeout");
    }
    /** Ends it behind what is queued; `cl` is the last text, if there is anybody to say it to. */
    close() {
        if (this.#state === "open")
            this.#outbox.close();
        // The server may be going on with it at this moment [U-10].
        else if (this.#outbox.terms)
            this.#control.push(encodeFrame("close"));
    }
    /** The next text to send; all that waits in one, as far as that is agreed on and fits. */
    pollText() {
        const { limit } = this.#outbox;
        const texts = [];
        // Three bytes are the most that a unit of UTF-16 takes.
        let left = this.#init?.batch ? Math.min(MAX_BATCH_TEXT, limit / 3) : 0;
        if (this.#init?.resume)
            left -= NUMBER_OVERHEAD;
        if (this.#ack)
            texts.push(this.#ack);
        this.#ack = undefined;
        let isNumbered = this.#isNumbered && !!this.#init?.resume;
        for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
            left -= next.length + BATCH_OVERHEAD;
            if (texts.length && (left < 0 || texts.length + Number(isNumbered) >= MAX_BATCH_MESSAGES))
                break;
            if (isNumbered && next.startsWith(DATA)) {
                isNumbered = false;
                texts.push(encodeFrame("number", `${this.#outbox.number}`));
            }
            texts.push(next);
            if (this.#control.length)
                this.#control.shift();
            else
                this.#outbox.shift();
        }
        return texts.length > 1 ? encodeFrame("batch", encodeBatch(texts)) : texts[0];
    }
    pollEvent() {
        return this.#events.shift();
    }
    /** When {@link handleTimeout} wants to be called. */
    pollTimeout() {
        if (this.#state === "ended")
            return NEVER;
        return Math.min(this.#connectDeadline, this.#keepAlive.deadline, this.#ackDeadline);
    }
    /** Whether the server reads containers. */
    get batch() {
        return !!this.#init?.batch;
    }
    #peek() {
        return this.#control[0] ?? (this.#state === "open" ? this.#outbox.peek() : undefined);
    }
    #handle(text, now) {
        if (this.#state === "ended")
            return;
        const outbox = this.#outbox;
        const { kind, data = "" } = decodeFrame(text) ?? {};
        switch (kind) {
            case "channel_data":
                if (this.#init?.resume)
                    this.#takeIn(text, now);
                this.#handleData(data);
                break;
            case "ack":
                if (!this.#init?.resume)
                    this.#fault();
                else if (!outbox.ack(decodeNumber(data)))
                    this.#finish("bad_ack");
                break;
            case "drain": {
                const ms = this.#init?.drain ? decodeNumber(data, MAX_CREDIT) : undefined;
                if (ms === undefined)
                    this.#fault();
                else
                    this.#events.push({ kind, ms });
                break;
            }
            case "ping":
                this.#control.push(encodeFrame("pong"));
                break;
            case "init":
                this.#handleInit(data);
                break;
            case "dont_reconnect":
                this.#events.push({ kind });
                break;
            case "batch": {
                const texts = this.#init?.batch && decodeBatch(data);
                if (!texts)
                    this.#garbled();
                else
                    for (const inner of texts)
                        this.#handle(inner, now);
                break;
            }
            case "close":
                if (this.#init?.resume)
                    this.#finish("closed");
                // It announces a close that follows anyway.
                else
                    this.#fault();
                break;
            default:
                // `iv` answers something we don't send.
                if (kind)
                    this.#fault();
                else
                    this.#garbled();
        }
    }
    /** What is on the way may have cut off data that has a number; another link brings it whole [U-8]. */
    #garbled() {
        if (this.#isNumbered && this.#init?.resume)
            this.#end("too_many_faults");
        else
            this.#fault();
    }
    /** Counts channel data, whatever is in it, and sees to it that the server gets to know. */
    #takeIn(text, now) {
        const outbox = this.#outbox;
        outbox.received++;
        this.#untold += weigh(text);
        this.#ackDeadline = Math.min(this.#ackDeadline, now + ACK_TIME);
        if (this.#untold * 4 >= outbox.terms?.bufferBytes)
            this.#acknowledge();
    }
    #acknowledge() {
        this.#ack = encodeFrame("ack", `${this.#outbox.received}`);
        this.#untold = 0;
        this.#ackDeadline = NEVER;
    }
    #handleInit(data) {
        if (this.#state !== "opening") {
            this.#fault();
            return;
        }
        const init = decodeServerInit(data);
        if (!init) {
            this.#end("bad_init");
        }
        else if ("refusal" in init) {
            this.#events.push({ kind: "refused", ...init });
        }
        else {
            const { socketId } = init;
            const outbox = this.#outbox;
            const isResumed = outbox.accept(socketId, init.resume);
            if (isResumed === undefined) {
                this.#end("bad_init");
                return;
            }
            outbox.limit = init.limit;
            this.#init = init;
            this.#state = "open";
            this.#connectDeadline = NEVER;
            this.#events.push({ kind: "open", socketId, isResumed });
        }
    }
    #handleData(data) {
        const pair = this.#state === "open" ? this.#readPair(data) : undefined;
        if (!pair)
            this.#fault();
        else if (this.#isChannel(pair.name))
            this.#events.push({ kind: "data", ...pair });
        // A server may speak on channels that this page doesn't open: no fault.
    }
    /** Bytes first; where they name no channel, the units in which the original's script writes the length. */
    #readPair(data) {
        let readable;
        for (const utf16 of [false, true]) {
            const pair = decodePair(data, utf16);
            if (!pair)
                continue;
            if (this.#isChannel(pair.name))
                return pair;
            readable ??= pair;
        }
        return readable;
    }
    #fault() {
        if (++this.#faults > MAX_FAULTS)
            this.#finish("too_many_faults");
    }
    /** Ends what could go on over another link. */
    #finish(reason) {
        this.#outbox.terms = undefined;
        this.#end(reason);
    }
    #end(reason) {
        this.#state = "ended";
        this.#events.push({ kind: "ended", reason });
    }
}
