/** The error codes of typed calls, as they are spelled on the wire. */
export declare const CODES: readonly ["cancelled", "deadline_exceeded", "invalid_argument", "unimplemented", "unavailable", "resource_exhausted", "unauthenticated", "permission_denied", "internal", "application", "stale_client"];
/** One of {@link CODES}. */
export type Code = (typeof CODES)[number];
/** What a peer says of something that failed. */
export interface ErrorBody {
    readonly code: Code;
    readonly message: string;
    readonly data?: unknown;
}
/** Reads an error; a code that isn't known is `internal`. */
export declare function decodeErrorBody({ code, message, data, }: Readonly<Record<keyof ErrorBody, unknown>>): ErrorBody;
