/** What has the same form on both sides, around values that may not. */
import { type Codec } from "./codec.js";
/** Members by their names. */
export type Members = Readonly<Record<string, Codec>>;
/** Whatever it is, it needs nothing. */
export declare const any: Codec;
export declare const string: Codec;
export declare const number: Codec;
export declare const boolean: Codec;
/** Just `expected`. */
export declare function literal(expected: string | number | boolean | null): Codec;
export declare function nullable(codec: Codec): Codec;
export declare function array(item: Codec): Codec;
export declare function tuple(...items: readonly Codec[]): Codec;
/** An object with any keys. */
export declare function record(codec: Codec): Codec;
/** An object; members that aren't listed stay as they are. */
export declare function object(required: Members, optional?: Members): Codec;
/** An object that is of several forms at once, which share no member. */
export declare function intersection(...parts: readonly Codec[]): Codec;
/** The first of `arms` that fits, where no value fits two. */
export declare function oneOf(...arms: readonly Codec[]): Codec;
/**
 * The first of `arms` that fits without a member that it doesn't know, or else the first that fits at all: a later arm
 * may be an earlier one with more members. Arms list all their members.
 */
export declare function union(...arms: readonly Codec[]): Codec;
/** A codec that is made when it is first used: it may hold itself, and loading it costs nothing. */
export declare function lazy(make: () => Codec): Codec;
/**
 * The codecs of a generic type, each made when it is first used. For the same codecs it is the same: a type that holds
 * itself twice would have another for each place in a value, and keep them.
 */
export declare function generic(make: CodecMaker): CodecMaker;
/** The codecs of a generic type: one for each of its parameters gives that of the type. */
export type CodecMaker = (...codecs: Codec[]) => Codec;
/** Calls `make` at the first call. */
export declare function once<T>(make: () => T): () => T;
