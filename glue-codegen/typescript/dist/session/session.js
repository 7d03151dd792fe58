import { decodeBatch, encodeBatch } from "../proto/batch.js";
import { decodeFrame, encodeFrame } from "../proto/frame.js";
import { decodeServerInit } from "../proto/init.js";
import { BATCH_OVERHEAD, MAX_BATCH_MESSAGES, MAX_BATCH_TEXT, MAX_FAULTS, NEVER } from "../proto/limits.js";
import { decodePair, utf8Length } from "../proto/pair.js";
import { KeepAlive } from "./keepalive.js";
/**
 * The protocol of one connection, in the client's role: without I/O, and the time is a parameter.
 * Texts and the passing of time go in, texts to send and events come out. What the socket sends is taken from
 * its outbox.
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
    #batch = false;
    #limit = NEVER;
    constructor(times, outbox, isChannel, now) {
        this.#outbox = outbox;
        this.#isChannel = isChannel;
        this.#keepAlive = new KeepAlive(times);
        this.#connectDeadline = now + times.connectTimeout;
    }
    /** The transport can send; `init` is what the client says of itself. */
    handleOpen(init, now) {
        this.#keepAlive.handleText(now);
        this.#control.push(encodeFrame("init", init));
    }
    handleText(text, now) {
        this.#keepAlive.handleText(now);
        this.#handle(text);
    }
    /** `stalled` tells whether nothing that was sent has left since it told last. */
    handleTimeout(now, stalled) {
        if (now >= this.#connectDeadline)
            this.#end("connect_timeout");
        if (this.#state === "ended")
            return;
        const verdict = this.#keepAlive.handleTimeout(now, stalled);
        if (verdict === "ping")
            this.#control.push(encodeFrame("ping"));
        else if (verdict)
            this.#end("timeout");
    }
    /** Ends it behind what is queued; `cl` is the last text, if there is anybody to say it to. */
    close() {
        if (this.#state === "open")
            this.#outbox.push({ text: encodeFrame("close"), ephemeral: true });
    }
    /** The next text to send; all that waits in one, as far as that is agreed on and fits. */
    pollText() {
        const texts = [];
        // Three bytes are the most that a unit of UTF-16 takes.
        let left = this.#batch ? Math.min(MAX_BATCH_TEXT, this.#limit / 3) : 0;
        for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
            left -= next.length + BATCH_OVERHEAD;
            if (texts.length && (left < 0 || texts.length === MAX_BATCH_MESSAGES))
                break;
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
        return this.#state === "ended" ? NEVER : Math.min(this.#connectDeadline, this.#keepAlive.deadline);
    }
    /** Whether the server reads containers. */
    get batch() {
        return this.#batch;
    }
    /** Whether the server takes a text of this length. */
    fits(text) {
        const limit = this.#limit;
        return text.length * 3 <= limit || (text.length <= limit && utf8Length(text) <= limit);
    }
    #peek() {
        return this.#control[0] ?? (this.#state === "open" ? this.#outbox.peek() : undefined);
    }
    #handle(text) {
        if (this.#state === "ended")
            return;
        const { kind, data = "" } = decodeFrame(text) ?? {};
        switch (kind) {
            case "channel_data":
                this.#handleData(data);
                break;
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
                const texts = this.#batch && decodeBatch(data);
                if (!texts)
                    this.#fault();
                else
                    for (const inner of texts)
                        this.#handle(inner);
                break;
            }
            default:
                // `cl` announces a close that follows anyway; `iv` answers something we don't send.
                this.#fault();
        }
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
            const { socketId, batch, limit } = init;
            this.#batch = batch;
            this.#limit = limit;
            this.#state = "open";
            this.#connectDeadline = NEVER;
            this.#events.push({ kind: "open", socketId });
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
            this.#end("too_many_faults");
    }
    #end(reason) {
        this.#state = "ended";
        this.#events.push({ kind: "ended", reason });
    }
}
