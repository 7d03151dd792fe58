import { type Refusal } from "../proto/init.js";
import { type KeepAliveTimes } from "./keepalive.js";
import { type Outbox } from "./outbox.js";
/** The times a session keeps, in milliseconds. */
export interface SessionTimes extends KeepAliveTimes {
    /** From the start to the server's answer to `in`. */
    readonly connectTimeout: number;
}
/** Why a session ended from inside. */
export type SessionEnd = "connect_timeout" | "timeout" | "closed" | "bad_init" | "bad_ack" | "too_many_faults";
/** What the socket is told. After `ended` nothing follows. */
export type SessionEvent = {
    readonly kind: "open";
    readonly socketId: string;
    readonly isResumed: boolean;
} | {
    readonly kind: "data";
    readonly name: string;
    readonly data: string;
} | {
    readonly kind: "dont_reconnect";
}
/** The server wants to be left within this time, in milliseconds. */
 | {
    readonly kind: "drain";
    readonly ms: number;
} | ({
    readonly kind: "refused";
} & Refusal) | {
    readonly kind: "ended";
    readonly reason: SessionEnd;
};
/**
 * The protocol of one connection, in the client's role: without I/O, and the time is a parameter.
 * Texts and the passing of time go in, texts to send and events come out. What the socket sends is taken from
 * its outbox, which also knows what of the session outlives the connection.
 */
export declare class Session {
    #private;
    constructor(times: SessionTimes, outbox: Outbox, isChannel: (name: string) => boolean, now: number);
    /** The transport can send; `init` is what the client says of itself. Where a text may arrive twice, it `repeats`. */
    handleOpen(init: string, now: number, repeats?: boolean): void;
    handleText(text: string, now: number): void;
    /** `stalled` tells whether nothing that was sent has left since it told last. */
    handleTimeout(now: number, stalled: () => boolean): void;
    /** Ends it behind what is queued; `cl` is the last text, if there is anybody to say it to. */
    close(): void;
    /** The next text to send; all that waits in one, as far as that is agreed on and fits. */
    pollText(): string | undefined;
    pollEvent(): SessionEvent | undefined;
    /** When {@link handleTimeout} wants to be called. */
    pollTimeout(): number;
    /** Whether the server reads containers. */
    get batch(): boolean;
}
