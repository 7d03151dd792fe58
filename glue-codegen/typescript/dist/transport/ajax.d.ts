import type { Clock } from "../clock.js";
import { type Transport, type TransportHandler } from "./transport.js";
/** The part of `fetch` that is used here: the platform's own, or one that adds something to each request. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;
/** How {@link Fetch} is called. */
export interface FetchInit {
    readonly method: "POST";
    readonly body: string;
    readonly redirect: "manual";
    /** Whether the request should outlive the page. */
    readonly keepalive: boolean;
    readonly signal: AbortSignal;
}
/** What {@link Fetch} gives. */
export interface FetchAnswer {
    readonly ok: boolean;
    readonly status: number;
    readonly headers: {
        get(name: string): string | null;
    };
    text(): Promise<string>;
}
/** Long polling as a transport: one poll and one push at a time, so that order is kept. */
export declare class AjaxTransport implements Transport {
    #private;
    readonly type = "AjaxSocket";
    constructor(url: string, fetch: Fetch, clock: Clock);
    open(handler: TransportHandler): void;
    get ready(): boolean;
    send(text: string): void;
    get unsent(): number;
    /** Nobody tells how far a push is, but a short one needs no longer, over the slowest link, than a ping may take. */
    stalled(): boolean;
    /** If the last word is empty it is the goodbye. The poll waits until that is said, so that the server has whom to tell. */
    close(rest?: readonly string[], leaving?: boolean): void;
}
