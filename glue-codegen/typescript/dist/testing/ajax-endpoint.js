import { bodyParts, refusal } from "./http.js";
/** What may stand behind an `i`. */
const MAX_INIT = 1024;
/** The Ajax endpoint of a server, as PROTOCOL.md, part 17, has it. */
export class AjaxEndpoint {
    #links = new Map();
    #open;
    /** `open` makes the link of a new session. */
    constructor(open) {
        this.#open = open;
    }
    handle(request, wire) {
        if (!/\/ajax$/.test(new URL(request.url).pathname) || request.method !== "POST")
            return BAD_REQUEST;
        const { uid, data } = bodyParts(request.body);
        if (request.kind === "init") {
            if (request.body.length > MAX_INIT + 1)
                return refusal(413, "Payload Too Large");
            const link = this.#open(request, wire);
            this.#links.set(link.uid, link);
            return { status: 200, body: `${link.uid}&${link.token}` };
        }
        const link = this.find(uid);
        if (link && request.kind === "poll")
            return link.poll(data, request.signal);
        if (link && request.kind === "push" && data)
            return link.push(data);
        return BAD_REQUEST;
    }
    /** The session of that name. */
    find(uid) {
        const link = this.#links.get(uid);
        if (!link?.isGone)
            return link;
        this.#links.delete(uid);
        return undefined;
    }
}
const BAD_REQUEST = refusal(400, "Bad Request");
