import { decodeNumber } from "./frame.js";
import { MAX_CREDIT, MAX_ID, MAX_PARAMS } from "./limits.js";
import { byWire } from "./wire.js";
const KINDS = {
    hello: "hi",
    request: "rq",
    notification: "nt",
    ok: "ok",
    error: "er",
    item: "it",
    end: "en",
    credit: "cr",
    cancel: "ca",
    event: "ev",
};
const PARAMS = { credit: "c", timeout: "t", trace: "tp" };
const PARAM_NAMES = Object.keys(PARAMS);
const KIND_BY_WIRE = byWire(KINDS);
/** Writes an envelope. */
export function encodeEnvelope({ kind, id, params, method, event, credit, body }) {
    let head = KINDS[kind] + (id ?? "");
    for (const param of PARAM_NAMES) {
        const value = params?.[param];
        if (value)
            head += `;${PARAMS[param]}=${value}`;
    }
    const name = method ?? event;
    return `${head}&${name ? `${name}&` : ""}${credit ?? body ?? ""}`;
}
/** Reads an envelope. */
export function decodeEnvelope(text) {
    const kind = KIND_BY_WIRE.get(text.slice(0, 2));
    const split = text.indexOf("&");
    if (!kind || split < 0)
        return undefined;
    const envelope = { kind };
    const isNotification = kind === "notification";
    const isEvent = kind === "event";
    const [digits = "", ...params] = text.slice(2, split).split(";");
    if (isNotification || isEvent || kind === "hello") {
        if (digits)
            return undefined;
    }
    else {
        envelope.id = decodeNumber(digits, MAX_ID);
        if (!envelope.id)
            return undefined;
    }
    const rawParams = new Map();
    for (const param of params) {
        const [, key = "", value = ""] = /^([a-z]+)=([!-:<>-~]*)$/.exec(param) ?? [];
        if (!key || rawParams.has(key) || rawParams.size === MAX_PARAMS)
            return undefined;
        try {
            decodeURIComponent(value);
        }
        catch {
            return undefined;
        }
        rawParams.set(key, value);
    }
    envelope.rawParams = rawParams;
    let body = text.slice(split + 1);
    if (kind === "request" || isNotification || isEvent) {
        const [start, name] = /^([A-Za-z_]\w*)&/.exec(body) ?? [];
        if (!start)
            return undefined;
        envelope[isEvent ? "event" : "method"] = name;
        body = body.slice(start.length);
    }
    if (kind === "credit") {
        envelope.credit = decodeNumber(body, MAX_CREDIT);
        if (!envelope.credit)
            return undefined;
    }
    else if (kind !== "end" && kind !== "cancel") {
        if (!body)
            return undefined;
        envelope.body = body;
    }
    return envelope;
}
/** What the parameters of a request or a notification say; undefined where one of them can't be read. */
export function decodeParams({ kind, rawParams }) {
    const params = {};
    const isRequest = kind === "request";
    if (!isRequest && kind !== "notification")
        return params;
    for (const name of PARAM_NAMES) {
        const text = rawParams?.get(PARAMS[name]);
        if (text === undefined)
            continue;
        if (name === "trace") {
            params.trace = text;
        }
        else if (isRequest) {
            params[name] = decodeNumber(decodeURIComponent(text), MAX_CREDIT);
            if (!params[name])
                return undefined;
        }
    }
    return params;
}
