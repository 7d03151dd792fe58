/** Answers with a status instead of asking the server. */
export function status(code, body = "", headers = {}) {
    return () => ({ status: code, body, headers });
}
/** Answers with a page, as a proxy does whose server is away, or a hotspot that wants a login (200). */
export function htmlPage(code = 502) {
    const body = "<!doctype html>\n<title>Not what you asked for</title>\n";
    return status(code, body, { "content-type": "text/html" });
}
/** Answers with what `fetch` shows of a redirect it was told not to follow: status 0 and nothing else. */
export function redirect() {
    return status(0);
}
/** Asks the server, and cuts its answer down to the first `length` characters, as if that were all. */
export function truncate(length) {
    return async (_, next) => {
        const answer = await next();
        return { ...answer, body: answer.body.slice(0, length) };
    };
}
/** Asks the server; its answer is lost as the connection breaks. With `midway` its head arrives, but not its body. */
export function loseAnswer(midway = false) {
    return async (_, next) => {
        const answer = await next();
        if (midway)
            return { ...answer, breaksOff: true };
        throw new TypeError("fetch failed");
    };
}
/** Passes each request on twice, as a proxy does that tries again, and gives the second answer. */
export function repeatRequest() {
    return async (_, next) => {
        await next();
        return next();
    };
}
/** Gives the first answer to all the requests that follow, as a cache does that shouldn't. */
export function repeatAnswer() {
    let first;
    return (_, next) => {
        first ??= next();
        return first;
    };
}
