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
const BY_WIRE = byWire(KINDS);
/** Writes an envelope. */
export function encodeEnvelope({ kind, id, params, method, event, credit, body }) {
    const name = method ?? event;
    let head = "";
    if (params?.credit)
        head += `;c=${params.credit}`;
    if (params?.timeout)
        head += `;t=${params.timeout}`;
    if (params?.trace)
        head += `;tp=${params.trace}`;
    return `${KINDS[kind]}${id ?? ""}${head}&${name === undefined ? "" : `${name}&`}${credit ?? body ?? ""}`;
}
/** Reads an envelope: its kind, then id, parameters, name and body, so that the first fault is the one reported. */
export function decodeEnvelope(text) {
    const kind = BY_WIRE.get(text.slice(0, 2));
    if (!kind)
        return { error: "unknown_kind" };
    const split = text.indexOf("&");
    if (split < 0)
        return { error: "no_body" };
    const envelope = { kind };
    const named = kind === "request" || kind === "notification" || kind === "event";
    const [digits, ...params] = text.slice(2, split).split(";");
    if (kind === "hello" || (named && kind !== "request")) {
        if (digits)
            return { error: "unexpected_id" };
    }
    else {
        if (!digits)
            return { error: "missing_id" };
        const id = decodeNumber(digits, MAX_ID);
        if (!id)
            return { error: "bad_id" };
        envelope.id = id;
    }
    const seen = new Set();
    for (const param of params) {
        const [, key, encoded] = /^([a-z]+)=([!-:<>-~]*)$/.exec(param) ?? [];
        const value = encoded === undefined ? undefined : percentDecode(encoded);
        if (key === undefined || value === undefined || seen.size === MAX_PARAMS)
            return { error: "bad_param" };
        if (seen.has(key))
            return { error: "duplicate_param" };
        seen.add(key);
        if (kind === "request" && (key === "c" || key === "t")) {
            const number = decodeNumber(value, MAX_CREDIT);
            if (!number)
                return { error: key === "c" ? "bad_credit" : "bad_param" };
            envelope.params = { ...envelope.params, [key === "c" ? "credit" : "timeout"]: number };
        }
        else if (key === "tp" && (kind === "request" || kind === "notification")) {
            envelope.params = { ...envelope.params, trace: encoded };
        }
    }
    let body = text.slice(split + 1);
    if (named) {
        const end = body.indexOf("&");
        if (end < 0)
            return { error: "no_body" };
        const name = body.slice(0, end);
        if (!/^[A-Za-z_]\w*$/.test(name))
            return { error: "bad_method" };
        envelope[kind === "event" ? "event" : "method"] = name;
        body = body.slice(end + 1);
    }
    if (kind === "credit") {
        const credit = decodeNumber(body, MAX_CREDIT);
        if (!credit)
            return { error: "bad_credit" };
        envelope.credit = credit;
    }
    else if (kind !== "end" && kind !== "cancel") {
        if (!body)
            return { error: "no_body" };
        envelope.body = body;
    }
    return envelope;
}
/** Reads a number from 1 to `max`, written without sign and leading zeros. */
function decodeNumber(text, max) {
    const value = Number(text);
    return /^[1-9]\d*$/.test(text) && value <= max ? value : undefined;
}
function percentDecode(text) {
    try {
        return decodeURIComponent(text);
    }
    catch {
        return undefined;
    }
}
