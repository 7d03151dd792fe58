import { encodeAjaxRequest } from "../proto/ajax.js";
/** What `fetch` gives: the part of a `Response` that clients of Glue read. */
export class MemoryResponse {
    status;
    ok;
    headers;
    #answer;
    constructor(answer) {
        const { status, body, headers = {} } = answer;
        this.status = status;
        this.ok = status >= 200 && status < 300;
        const length = String(new TextEncoder().encode(body).length);
        this.headers = new Headers({ "content-type": TEXT, "content-length": length, ...headers });
        this.#answer = answer;
    }
    async text() {
        if (this.#answer.breaksOff)
            throw new TypeError("terminated");
        return this.#answer.body;
    }
}
/** The kind of request that a body makes. */
export function requestKind(body) {
    const kinds = ["init", "poll", "push"];
    return kinds.find((kind) => body.startsWith(KEYS[kind])) ?? "other";
}
/** The name of the session in a body, and what stands behind it. */
export function bodyParts(body) {
    const split = body.indexOf("&");
    return split < 0
        ? { uid: body.slice(1), data: "" }
        : { uid: body.slice(1, split), data: body.slice(split + 1) };
}
/** An answer of the server itself to what it refuses, as PROTOCOL.md, part 2, has them. */
export function refusal(status, body) {
    return { status, body: `${body}\n`, headers: { "x-content-type-options": "nosniff" } };
}
const TEXT = "text/plain; charset=utf-8";
const NOTHING = { uid: "", token: "", message: "" };
/** How the body of each kind begins. */
const KEYS = {
    init: encodeAjaxRequest({ kind: "init" }),
    poll: encodeAjaxRequest({ kind: "poll", ...NOTHING }).slice(0, 1),
    push: encodeAjaxRequest({ kind: "push", ...NOTHING }).slice(0, 1),
};
