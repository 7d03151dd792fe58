import { decodeFrame, encodeFrame } from "../proto/frame.js";
import { decodeServerInit, VERSION } from "../proto/init.js";
import { MAX_FAULTS } from "../proto/limits.js";
import { decodePair, encodePair } from "../proto/pair.js";
import { KeepAlive } from "./keepalive.js";
/**
 * The protocol of one connection, in the client's role: without I/O, and the time is a parameter.
 * Texts and the passing of time go in, texts to send and events come out.
 */
export class Session {
    #times;
    /** Whether a name is one of an open channel; decides how the length of a name beyond ASCII is read. */
    #isChannel;
    #connectDeadline;
    #keepAlive;
    #state = "opening";
    #texts = [];
    #events = [];
    #faults = 0;
    constructor(times, isChannel, now) {
        this.#times = times;
        this.#isChannel = isChannel;
        this.#connectDeadline = now + times.connectTimeout;
    }
    /** The transport can send. */
    handleOpen(now) {
        this.#keepAlive = new KeepAlive(this.#times.pingInterval, this.#times.pingTimeout, now);
        // Containers and refusals are not announced, as they are not handled here yet.
        this.#texts.push(encodeFrame("init", JSON.stringify({ version: VERSION })));
    }
    handleText(text, now) {
        if (this.#state === "ended")
            return;
        this.#keepAlive?.handleText(now);
        const frame = decodeFrame(text);
        if ("error" in frame) {
            this.#fault();
            return;
        }
        switch (frame.kind) {
            case "channel_data":
                this.#handleData(frame.data ?? "");
                break;
            case "ping":
                this.#texts.push(encodeFrame("pong"));
                break;
            case "init":
                this.#handleInit(frame.data ?? "");
                break;
            case "dont_reconnect":
                this.#events.push({ kind: "dont_reconnect" });
                break;
            case "invalid":
            case "close":
            case "batch":
                // `cl` announces a close that follows anyway; `iv` answers something we don't send; containers were not agreed on.
                this.#fault();
        }
    }
    /** `unsent` is how much the transport still holds of what was sent. */
    handleTimeout(now, unsent = 0) {
        if (this.#state === "opening" && now >= this.#connectDeadline)
            this.#end("connect_timeout");
        if (this.#state === "ended")
            return;
        const verdict = this.#keepAlive?.handleTimeout(now, unsent);
        if (verdict === "ping")
            this.#texts.push(encodeFrame("ping"));
        else if (verdict)
            this.#end("timeout");
    }
    /** Sends channel data; only once `open` was reported. */
    send(name, data) {
        this.#texts.push(encodeFrame("channel_data", encodePair(name, data)));
    }
    /** Says goodbye, if there is anybody to say it to. */
    close() {
        if (this.#state === "open")
            this.#texts.push(encodeFrame("close"));
        this.#state = "ended";
    }
    /** The next text to send. */
    pollText() {
        return this.#texts.shift();
    }
    pollEvent() {
        return this.#events.shift();
    }
    /** When {@link handleTimeout} wants to be called. */
    pollTimeout() {
        if (this.#state === "ended")
            return Number.POSITIVE_INFINITY;
        const deadline = this.#keepAlive?.deadline ?? Number.POSITIVE_INFINITY;
        return this.#state === "opening" ? Math.min(this.#connectDeadline, deadline) : deadline;
    }
    /** How much of what the server sent made no sense. */
    get faults() {
        return this.#faults;
    }
    #handleInit(data) {
        if (this.#state !== "opening") {
            this.#fault();
            return;
        }
        const init = decodeServerInit(data);
        if ("error" in init || "refusal" in init) {
            this.#end("bad_init");
        }
        else {
            this.#state = "open";
            this.#events.push({ kind: "open", socketId: init.socketId });
        }
    }
    #handleData(data) {
        const pair = this.#state === "open" ? this.#readPair(data) : undefined;
        if (pair && this.#isChannel(pair.name)) {
            this.#events.push({ kind: "data", name: pair.name, data: pair.data });
        }
        else if (!pair) {
            this.#fault();
        }
        // A server may speak on channels that this page doesn't open: no fault.
    }
    /** Bytes first; where they name no channel, the units in which the original's script writes the length. */
    #readPair(data) {
        let readable;
        for (const utf16 of [false, true]) {
            const pair = decodePair(data, utf16);
            if ("error" in pair)
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
