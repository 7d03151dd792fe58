import { type AjaxRequest } from "../proto/ajax.js";
/** What a request to the Ajax endpoint wants; `other` if it is none that a client of Glue makes. */
export type RequestKind = AjaxRequest["kind"] | "other";
/** A request as it arrives at the Ajax endpoint. */
export interface HttpRequest {
    readonly url: string;
    readonly method: string;
    readonly body: string;
    readonly kind: RequestKind;
    /** Aborted when nobody waits for the answer any more. */
    readonly signal: AbortSignal;
}
/** An answer to it. */
export interface HttpAnswer {
    readonly status: number;
    readonly body: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** Whether the connection breaks before the body has come to its end. */
    readonly breaksOff?: boolean;
}
/** Answers requests. Throwing breaks the connection: `fetch` fails. */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;
/** The init that `fetch` is called with, as far as it matters here. */
export interface MemoryFetchInit {
    readonly method?: string | undefined;
    readonly body?: string | undefined;
    readonly signal?: AbortSignal | null | undefined;
}
/** What `fetch` gives: the part of a `Response` that clients of Glue read. */
export declare class MemoryResponse {
    #private;
    readonly status: number;
    readonly ok: boolean;
    readonly headers: {
        get(name: string): string | null;
    };
    constructor(answer: HttpAnswer);
    text(): Promise<string>;
}
/** The kind of request that a body makes. */
export declare function requestKind(body: string): RequestKind;
/** The name of the session in a body, and what stands behind it. */
export declare function bodyParts(body: string): {
    readonly uid: string;
    readonly data: string;
};
/** An answer of the server itself to what it refuses, as PROTOCOL.md, part 2, has them. */
export declare function refusal(status: number, body: string): HttpAnswer;
