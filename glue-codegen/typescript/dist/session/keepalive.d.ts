/** What to do when a deadline has passed. */
export type KeepAliveVerdict = "ping" | "dead" | undefined;
/** How long the server may be silent, and then how long it may take to answer, in milliseconds. */
export interface KeepAliveTimes {
    readonly pingInterval: number;
    readonly pingReconnectTimeout: number;
}
/**
 * Decides when to ask a silent server for a sign of life, and when to give it up. Any text counts as one. Our
 * question waits behind what was sent before, so while that gets less the server is not given up [K-2].
 */
export declare class KeepAlive {
    #private;
    constructor(times: KeepAliveTimes);
    handleText(now: number): void;
    /** `stalled` tells, when it is time, whether nothing has moved since it told last. */
    handleTimeout(now: number, stalled: () => boolean): KeepAliveVerdict;
    get deadline(): number;
}
