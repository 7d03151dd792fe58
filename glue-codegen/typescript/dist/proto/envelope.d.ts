import type { Malformed } from "./malformed.js";
declare const KINDS: {
    readonly hello: "hi";
    readonly request: "rq";
    readonly notification: "nt";
    readonly ok: "ok";
    readonly error: "er";
    readonly item: "it";
    readonly end: "en";
    readonly credit: "cr";
    readonly cancel: "ca";
    readonly event: "ev";
};
/** The kinds of {@link Envelope}. */
export type EnvelopeKind = keyof typeof KINDS;
/** One unit of the typed calls inside a channel's data. */
export interface Envelope {
    readonly kind: EnvelopeKind;
    /** The exchange it belongs to; absent for hello, notification and event. */
    readonly id?: number;
    /** The parameters this version understands: the first credit of a stream's request. */
    readonly params?: {
        readonly credit: number;
    };
    /** The method of a request or notification. */
    readonly method?: string;
    /** The name of an event. */
    readonly event?: string;
    /** The number of items a credit grants. */
    readonly credit?: number;
    /** JSON text, not parsed here. */
    readonly body?: string;
}
/** Why a text isn't an envelope. */
export type EnvelopeError = "unknown_kind" | "bad_id" | "missing_id" | "unexpected_id" | "bad_param" | "duplicate_param" | "no_body" | "bad_method" | "bad_credit";
/** Writes an envelope. */
export declare function encodeEnvelope({ kind, id, params, method, event, credit, body }: Envelope): string;
/** Reads an envelope: its kind, then id, parameters, name and body, so that the first fault is the one reported. */
export declare function decodeEnvelope(text: string): Envelope | Malformed<EnvelopeError>;
export {};
