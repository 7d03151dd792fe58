import type { AjaxLink } from "./ajax-link.js";
import { type HttpAnswer, type HttpRequest } from "./http.js";
import type { Wire } from "./wire.js";
/** The Ajax endpoint of a server, as PROTOCOL.md, part 17, has it. */
export declare class AjaxEndpoint {
    #private;
    /** `open` makes the link of a new session. */
    constructor(open: (request: HttpRequest, wire: Wire) => AjaxLink);
    handle(request: HttpRequest, wire: Wire): HttpAnswer | Promise<HttpAnswer>;
    /** The session of that name. */
    find(uid: string): AjaxLink | undefined;
}
