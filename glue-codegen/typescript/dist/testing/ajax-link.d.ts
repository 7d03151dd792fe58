import type { Clock } from "../clock.js";
import { type HttpAnswer } from "./http.js";
import { Link, type LinkSettings } from "./link.js";
/** The server's side of one session of the Ajax transport. */
export declare class AjaxLink extends Link {
    #private;
    readonly type = "AjaxSocket";
    readonly uid: string;
    constructor(uid: string, clock: Clock, nextToken: () => string, breakRequests: (link: AjaxLink) => void, settings: LinkSettings);
    /** The token of the next poll. */
    get token(): string;
    /** Whether the client has been told of the end, or can't be any more. */
    get isGone(): boolean;
    /** A poll has arrived. */
    poll(token: string, signal: AbortSignal): HttpAnswer | Promise<HttpAnswer>;
    /** A push has arrived. */
    push(message: string): HttpAnswer;
    protected transmit(message: string | ArrayBuffer): void;
    protected finish(): void;
    protected breakOff(): void;
}
