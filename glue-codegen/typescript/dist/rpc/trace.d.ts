/**
 * Makes a `traceparent`: that of a new trace, or, given one, of a new part of the same trace. For
 * `ChannelOptions.traceparent` and `CallOptions.traceparent`, where no tracing library gives them.
 */
export declare function newTraceparent(parent?: string): string;
/** Whether it is a W3C `traceparent` of version 00; the ids that are all zeros are none [E-13]. */
export declare function isTraceparent(text: string | undefined): text is string;
