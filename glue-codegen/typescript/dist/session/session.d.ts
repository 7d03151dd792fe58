/** The times a session keeps, in milliseconds. */
export interface SessionTimes {
    /** From the start to the server's answer to `in`. */
    readonly connectTimeout: number;
    readonly pingInterval: number;
    readonly pingTimeout: number;
}
/** Why a session ended from inside. */
export type SessionEnd = "connect_timeout" | "timeout" | "bad_init" | "too_many_faults";
/** What the socket is told. After `ended` nothing follows. */
export type SessionEvent = {
    readonly kind: "open";
    readonly socketId: string;
} | {
    readonly kind: "data";
    readonly name: string;
    readonly data: string;
} | {
    readonly kind: "dont_reconnect";
} | {
    readonly kind: "ended";
    readonly reason: SessionEnd;
};
/**
 * The protocol of one connection, in the client's role: without I/O, and the time is a parameter.
 * Texts and the passing of time go in, texts to send and events come out.
 */
export declare class Session {
    #private;
    constructor(times: SessionTimes, isChannel: (name: string) => boolean, now: number);
    /** The transport can send. */
    handleOpen(now: number): void;
    handleText(text: string, now: number): void;
    /** `unsent` is how much the transport still holds of what was sent. */
    handleTimeout(now: number, unsent?: number): void;
    /** Sends channel data; only once `open` was reported. */
    send(name: string, data: string): void;
    /** Says goodbye, if there is anybody to say it to. */
    close(): void;
    /** The next text to send. */
    pollText(): string | undefined;
    pollEvent(): SessionEvent | undefined;
    /** When {@link handleTimeout} wants to be called. */
    pollTimeout(): number;
    /** How much of what the server sent made no sense. */
    get faults(): number;
}
