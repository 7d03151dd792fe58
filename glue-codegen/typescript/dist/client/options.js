import { systemClock } from "../clock.js";
import { GlueError } from "../errors.js";
const DEFAULTS = Object.freeze({
    baseURL: "/glue/",
    forceSocketType: false,
    connectTimeout: 10_000,
    pingInterval: 35_000,
    pingReconnectTimeout: 5_000,
    reconnect: true,
    reconnectDelay: 1_000,
    reconnectDelayMax: 5_000,
    reconnectAttempts: 20,
    resetSendBufferTimeout: 10_000,
    clock: systemClock,
});
/** Checks the arguments of `glue` and fills in defaults; the page and the platform are asked only here. */
export function resolveOptions(host, options) {
    const page = globalThis.location;
    const origin = host ?? (page && `${page.protocol}//${page.host}`);
    if (!origin || !/^https?:\/\//.test(origin))
        throw invalid("host must begin with http:// or https://");
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const resolved = {
        random: Math.random,
        WebSocket: globalThis.WebSocket,
        ...DEFAULTS,
        ...given,
    };
    if (!resolved.WebSocket)
        throw invalid("no WebSocket here: pass one as options.WebSocket");
    const path = resolved.baseURL.replace(/^\/*|\/*$/g, "");
    return { ...resolved, url: `${origin.replace(/\/+$/, "")}/${path && `${path}/`}` };
}
function invalid(message) {
    return new GlueError("invalid_argument", message);
}
