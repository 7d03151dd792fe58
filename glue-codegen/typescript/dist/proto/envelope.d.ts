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
    readonly id?: number | undefined;
    /** The parameters to write of a request, and the trace context of a notification. */
    readonly params?: EnvelopeParams | undefined;
    /** The parameters that were read, as they stand; see {@link decodeParams}. */
    readonly rawParams?: ReadonlyMap<string, string>;
    /** The method of a request or notification. */
    readonly method?: string | undefined;
    /** The name of an event. */
    readonly event?: string | undefined;
    /** The number of items a credit grants. */
    readonly credit?: number | undefined;
    /** JSON text, not parsed here. */
    readonly body?: string | undefined;
}
/** What stands between the kind and the first `&`, as far as this version understands it. */
export interface EnvelopeParams {
    /** `c`: items that may be sent to the opener at first. */
    readonly credit?: number | undefined;
    /** `t`: milliseconds that the opener waits. */
    readonly timeout?: number | undefined;
    /** `tp`: the opener's trace context as it stands, W3C's `traceparent` if it is one. */
    readonly trace?: string | undefined;
}
/** Writes an envelope. */
export declare function encodeEnvelope({ kind, id, params, method, event, credit, body }: Envelope): string;
/** Reads an envelope. */
export declare function decodeEnvelope(text: string): Envelope | undefined;
/** What the parameters of a request or a notification say; undefined where one of them can't be read. */
export declare function decodeParams({ kind, rawParams }: Envelope): EnvelopeParams | undefined;
export {};
