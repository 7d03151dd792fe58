import type { AjaxLink } from "./ajax-link.js";
import type { Faults } from "./faults.js";
import { type HttpRequest, type MemoryFetchInit, MemoryResponse } from "./http.js";
import type { Wire } from "./wire.js";
/** A `fetch` that reaches the Ajax endpoint of a server in memory. */
export declare class MemoryFetch {
    #private;
    constructor(faults: Faults, open: (request: HttpRequest, wire: Wire) => AjaxLink);
    fetch(url: string, init?: MemoryFetchInit): Promise<MemoryResponse>;
    /** Breaks the requests of a session, or of all. */
    breakOff(link?: AjaxLink): void;
}
