import { GlueError } from "../errors.js";
import type { Code } from "../proto/code.js";
declare const THROWS: unique symbol;
/** Says in a type what a method's own error is. Nothing of it exists when the program runs. */
export interface Throws<E> {
    readonly [THROWS]?: E;
}
type Coded<C extends Code, Data> = GlueError<Data> & {
    readonly code: C;
};
/** A method's own error: its value is `data`. */
export type ApplicationError<E> = Coded<"application", E>;
/** What a call may fail with that isn't its method's own error; `code` tells which. */
export type Failure = Coded<"unavailable", {
    readonly outcome: "not_sent" | "unknown";
} | undefined> | Coded<"stale_client", StaleMethod | undefined> | {
    readonly [C in Exclude<Code, "application" | "unavailable" | "stale_client">]: Coded<C, unknown>;
}[Exclude<Code, "application" | "unavailable" | "stale_client">];
/** A method that has changed since the client's code was generated. */
export interface StaleMethod {
    readonly method: string;
    /** The hash of what the client knows. */
    readonly client: string;
    /** The hash of what the server has; null if it has no such method any more. */
    readonly server: string | null;
}
/** How a call ended, as a value. */
export type SafeResult<T, E> = {
    readonly ok: true;
    readonly value: T;
} | {
    readonly ok: false;
    readonly error: ApplicationError<E> | Failure;
};
/**
 * Waits for a call and gives what it failed with as a value. What a generated method returns says what its own error is;
 * any other promise may fail with one of a type that isn't known. What is no {@link GlueError}, such as what a source
 * of items has thrown, is thrown on.
 */
export declare function safe<T, E = unknown>(call: Promise<T> & Throws<E>): Promise<SafeResult<T, E>>;
/** Whether `error` is the own error of `method`, as it is spelled on the wire; for generated code. */
export declare function isError<E>(error: unknown, channel: string, method: string): error is ApplicationError<E>;
export {};
