import { systemClock } from "../clock.js";
import { GlueError } from "../errors.js";
const DEFAULTS = {
    baseURL: "/glue/",
    forceSocketType: false,
    connectTimeout: 10_000,
    pingInterval: 35_000,
    pingReconnectTimeout: 5_000,
    reconnect: true,
    resume: true,
    reconnectDelay: 1_000,
    reconnectDelayMax: 5_000,
    reconnectAttempts: 20,
    resetSendBufferTimeout: 10_000,
    clock: systemClock,
};
/** Checks the arguments of `glue` and fills in defaults; the page and the platform are asked only here. */
export function resolveOptions(host, options) {
    const page = globalThis.location;
    const origin = host || (page && `${page.protocol}//${page.host}`);
    if (!origin || !/^https?:\/\//.test(origin))
        throw invalid("host must begin with http:// or https://");
    // What is no number is not given, or deadlines would never pass.
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value != null && !Number.isNaN(value)));
    const resolved = {
        random: Math.random,
        WebSocket: globalThis.WebSocket,
        // It wants to be called as a member of the global object.
        fetch: globalThis.fetch?.bind(globalThis),
        ...DEFAULTS,
        ...given,
    };
    if (resolved.forceSocketType === "WebSocket" && !resolved.WebSocket)
        throw invalid("options.WebSocket is missing");
    const path = resolved.baseURL.replace(/^\/*|\/*$/g, "");
    return { ...resolved, url: `${origin.replace(/\/+$/, "")}/${path && `${path}/`}` };
}
function invalid(message) {
    return new GlueError("invalid_argument", message);
}
