/** Writes the body of a request. */
export function encodeAjaxRequest(request) {
    if (request.kind === "init")
        return "i";
    return request.kind === "poll" ? `o${request.uid}&${request.token}` : `u${request.uid}&${request.message}`;
}
/** Reads the answer to an init. */
export function decodeAjaxInit(text) {
    const [, uid, token] = /^([0-9A-Za-z]{10})&([0-9A-Za-z]{7})$/.exec(text) ?? [];
    return uid && token ? { uid, token } : undefined;
}
/** Reads the answer to a poll. */
export function decodeAjaxAnswer(text) {
    if (text === "t")
        return { kind: "timed_out" };
    if (text === "c")
        return { kind: "closed" };
    const [, token, message = ""] = /^([0-9A-Za-z]{7})&(.*)$/s.exec(text) ?? [];
    return token ? { kind: "message", token, message } : undefined;
}
