/** What a request to the Ajax endpoint asks for. */
export type AjaxRequest = {
    readonly kind: "init";
} | {
    readonly kind: "poll";
    readonly uid: string;
    readonly token: string;
} | {
    readonly kind: "push";
    readonly uid: string;
    readonly message: string;
};
/** The answer to an init: the secret name of the session, and the token of the first poll. */
export interface AjaxInit {
    readonly uid: string;
    readonly token: string;
}
/** The answer to a poll. A message comes with the token of the next poll, which confirms it. */
export type AjaxAnswer = {
    readonly kind: "message";
    readonly token: string;
    readonly message: string;
} | {
    readonly kind: "timed_out";
} | {
    readonly kind: "closed";
};
/** Writes the body of a request. */
export declare function encodeAjaxRequest(request: AjaxRequest): string;
/** Reads the answer to an init. */
export declare function decodeAjaxInit(text: string): AjaxInit | undefined;
/** Reads the answer to a poll. */
export declare function decodeAjaxAnswer(text: string): AjaxAnswer | undefined;
