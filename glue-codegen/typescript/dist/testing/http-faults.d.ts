import type { HttpAnswer, HttpRequest } from "./http.js";
/**
 * Stands between a client and the Ajax endpoint: `next` passes the request on and gives the server's answer. What is
 * thrown breaks the connection.
 */
export type Interceptor = (request: HttpRequest, next: () => Promise<HttpAnswer>) => HttpAnswer | Promise<HttpAnswer>;
/** Answers with a status instead of asking the server. */
export declare function status(code: number, body?: string, headers?: Readonly<Record<string, string>>): Interceptor;
/** Answers with a page, as a proxy does whose server is away, or a hotspot that wants a login (200). */
export declare function htmlPage(code?: number): Interceptor;
/** Answers with what `fetch` shows of a redirect it was told not to follow: status 0 and nothing else. */
export declare function redirect(): Interceptor;
/** Asks the server, and cuts its answer down to the first `length` characters, as if that were all. */
export declare function truncate(length: number): Interceptor;
/** Asks the server; its answer is lost as the connection breaks. With `midway` its head arrives, but not its body. */
export declare function loseAnswer(midway?: boolean): Interceptor;
/** Passes each request on twice, as a proxy does that tries again, and gives the second answer. */
export declare function repeatRequest(): Interceptor;
/** Gives the first answer to all the requests that follow, as a cache does that shouldn't. */
export declare function repeatAnswer(): Interceptor;
