/** At each of these the session may have changed. */
export const EVENTS = [
    "connecting",
    "reconnecting",
    "connected",
    "disconnected",
    "error",
    "timeout",
];
