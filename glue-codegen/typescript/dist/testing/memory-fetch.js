import { AjaxEndpoint } from "./ajax-endpoint.js";
import { bodyParts, MemoryResponse, requestKind, } from "./http.js";
/** A `fetch` that reaches the Ajax endpoint of a server in memory. */
export class MemoryFetch {
    #faults;
    #endpoint;
    #pending = new Set();
    constructor(faults, open) {
        this.#faults = faults;
        this.#endpoint = new AjaxEndpoint(open);
    }
    fetch(url, init = {}) {
        const { method = "GET", body = "", signal } = init;
        return new Promise((resolve, reject) => {
            if (signal?.aborted) {
                reject(signal.reason);
                return;
            }
            const gone = new AbortController();
            const kind = requestKind(body);
            const link = kind === "init" ? undefined : this.#endpoint.find(bodyParts(body).uid);
            const wire = link?.wire ?? this.#faults.newWire();
            const settle = () => {
                this.#pending.delete(pending);
                signal?.removeEventListener("abort", onAbort);
            };
            const fail = (cause = new TypeError("fetch failed")) => {
                settle();
                gone.abort();
                reject(cause);
            };
            const pending = { link, fail };
            const onAbort = () => fail(signal?.reason);
            this.#pending.add(pending);
            signal?.addEventListener("abort", onAbort);
            const answered = (answer) => {
                if (answer === undefined)
                    throw new TypeError("an interceptor gave no answer");
                wire.carry("toClient", () => {
                    settle();
                    resolve(new MemoryResponse(answer));
                });
            };
            wire.carry("toServer", () => {
                // Broken off on its way: it never arrived.
                if (gone.signal.aborted)
                    return;
                const request = { url, method, body, kind, signal: gone.signal };
                this.#faults
                    .answer(request, () => this.#endpoint.handle(request, wire))
                    .then(answered)
                    .catch((cause) => wire.carry("toClient", () => fail(cause)));
            });
        });
    }
    /** Breaks the requests of a session, or of all. */
    breakOff(link) {
        for (const pending of this.#pending) {
            if (!link || pending.link === link)
                queueMicrotask(() => pending.fail());
        }
    }
}
