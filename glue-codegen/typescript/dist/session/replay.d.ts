import type { Former, ResumeTerms } from "../proto/init.js";
/** What of a session outlives its links: who it is, and which messages have arrived on either side [U-2]. */
export declare class Replay {
    #private;
    /** How many messages of the server were taken in. */
    received: number;
    /** What the server grants; without it the session ends with its link, and nothing more is kept. */
    terms: ResumeTerms | undefined;
    /** Starts a session, which ends with its link if there are no terms. What there was is forgotten. */
    start(socketId?: string, terms?: ResumeTerms): void;
    /** Goes on over another link. Returns whether that can be; it is over otherwise. */
    resume(socketId: string, terms: ResumeTerms | undefined): boolean;
    /** The server has taken in everything through `number`. Returns whether that can be [U-5]. */
    ack(number: number | undefined, most?: number): boolean;
    /** Whether `text` may be sent now: what is kept is bounded, unless it is the only one [U-4]. */
    admits(text: string): boolean;
    /** Takes note of a text that leaves over this link. */
    carry(text: string): void;
    /** The next that left over an earlier link only, and may not have arrived. */
    get again(): string | undefined;
    /** The number of the next. */
    get next(): number;
    /** What the server is told to go on with it [U-12]. */
    get former(): Former | undefined;
}
/** What a message counts for in what is kept. */
export declare function weigh(text: string): number;
