import { GlueError } from "../errors.js";
import { decodeAjaxAnswer, decodeAjaxInit, encodeAjaxRequest, } from "../proto/ajax.js";
import { ANSWER_TIME, MAX_WAITED, POLL_TIME, SLOWEST } from "../proto/limits.js";
import { failure } from "./transport.js";
/** Ends a session. */
const GOODBYE = ["cl"];
/** What browsers let a request hold that outlives its page, in bytes; a text has up to three times its length. */
const MAX_KEEPALIVE = 65_536 / 3 - 32;
/** Long polling as a transport: one poll and one push at a time, so that order is kept. */
export class AjaxTransport {
    type = "AjaxSocket";
    #url;
    #fetch;
    #clock;
    #handler;
    #uid = "";
    /** Ends the request that waits for the server. */
    #asking;
    /** The length of the text that is being pushed. */
    #pushing = 0;
    #pushed = Promise.resolve();
    #receiving = false;
    #onLeave = () => this.#handler?.onLeave();
    constructor(url, fetch, clock) {
        this.#url = url;
        this.#fetch = fetch;
        this.#clock = clock;
    }
    open(handler) {
        this.#handler = handler;
        globalThis.addEventListener?.("pagehide", this.#onLeave);
        this.#run().catch((cause) => this.#end(cause));
    }
    get ready() {
        return !!this.#uid && !this.#pushing;
    }
    send(text) {
        this.#pushing = text.length;
        this.#pushed = this.#push(text).then(() => {
            this.#pushing = 0;
            this.#handler?.onReady();
        });
        this.#pushed.catch((cause) => this.#end(cause));
    }
    get unsent() {
        return this.#pushing;
    }
    /** Nobody tells how far a push is, but a short one needs no longer, over the slowest link, than a ping may take. */
    stalled() {
        return !this.#receiving && this.#pushing < 20_000;
    }
    /** If the last word is empty it is the goodbye. The poll waits until that is said, so that the server has whom to tell. */
    close(rest, leaving) {
        const texts = this.#uid && rest && (rest.length ? rest : GOODBYE);
        this.#stop(texts && !leaving);
        if (!texts)
            return;
        if (leaving) {
            const send = (message) => !!navigator.sendBeacon?.(this.#url, encodeAjaxRequest({ kind: "push", uid: this.#uid, message }));
            // It may be too much for a page that goes.
            if (!texts.every(send))
                GOODBYE.every(send);
        }
        else {
            for (const text of texts)
                this.#pushed = this.#pushed.then(() => this.#push(text));
            this.#pushed.catch(() => { }).then(() => this.#asking?.abort());
        }
    }
    async #run() {
        let { uid, token } = await this.#post({ kind: "init" }, ANSWER_TIME, decodeAjaxInit);
        this.#uid = uid;
        // It may have been closed just now.
        if (!this.#handler)
            return;
        let poll = this.#poll(token);
        this.#handler.onOpen();
        for (;;) {
            const answer = await poll;
            if (!this.#handler)
                return;
            const { kind } = answer;
            if (kind === "closed")
                return this.#end();
            // The next poll confirms the answer, so it comes first.
            if (kind === "message")
                token = answer.token;
            poll = this.#poll(token);
            if (kind === "message")
                this.#handler.onText(answer.message);
        }
    }
    /** A poll whose connection breaks may be repeated, a push not: it could have arrived. */
    #poll(token) {
        const poll = () => this.#post({ kind: "poll", uid: this.#uid, token }, POLL_TIME, decodeAjaxAnswer);
        return poll().catch((cause) => {
            if (cause instanceof GlueError || !this.#handler)
                throw cause;
            return poll();
        });
    }
    #push(message) {
        const time = ANSWER_TIME + message.length / SLOWEST;
        return this.#post({ kind: "push", uid: this.#uid, message }, time, (text) => (text ? undefined : {}));
    }
    async #post(request, time, decode) {
        const controller = new AbortController();
        const { kind } = request;
        const expire = (ms) => this.#clock.after(ms, () => controller.abort(failure(`ajax ${kind} timed out`)));
        let cancel = expire(time);
        const body = encodeAjaxRequest(request);
        const isPush = kind === "push";
        if (!isPush)
            this.#asking = controller;
        try {
            const answer = await this.#fetch(this.#url, {
                method: "POST",
                body,
                redirect: "manual",
                // So that a goodbye gets out even if the page is closed right after.
                keepalive: isPush && !this.#handler && body.length < MAX_KEEPALIVE,
                signal: controller.signal,
            });
            const { status } = answer;
            if (!answer.ok) {
                throw failure(`ajax ${kind} answered ${status || "a redirect"}`, undefined, status);
            }
            cancel();
            const length = Math.min(Number(answer.headers.get("content-length")), MAX_WAITED);
            cancel = expire(POLL_TIME + length / SLOWEST);
            this.#receiving ||= !isPush;
            const decoded = decode(await answer.text());
            // Something on the way answers instead of the server, such as the page of a proxy.
            if (!decoded)
                throw failure(`ajax ${kind} answered with nonsense`);
            return decoded;
        }
        finally {
            cancel();
            // An answer that was not read holds its connection.
            controller.abort();
            if (!isPush)
                this.#receiving = false;
        }
    }
    #end(cause) {
        const handler = this.#handler;
        this.#stop();
        // The server has ended it: there is nobody to say goodbye to.
        if (!cause)
            this.#uid = "";
        handler?.onClose(cause ? failure("ajax failed", cause) : undefined);
    }
    #stop(isHeard) {
        this.#handler = undefined;
        globalThis.removeEventListener?.("pagehide", this.#onLeave);
        if (!isHeard)
            this.#asking?.abort();
    }
}
