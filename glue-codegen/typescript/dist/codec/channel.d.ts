import type { Rpc } from "../rpc/caller.js";
import type { ChannelOptions } from "../rpc/options.js";
import { type Codec } from "./codec.js";
/** The codecs of one method or event; what has none needs none. */
export interface MethodCodecs {
    /** Of all arguments together, by their names on the wire. */
    readonly args?: Codec;
    /** Of each item that the client sends. */
    readonly items?: Codec;
    /** Of the value, or of each item of a stream. */
    readonly answer?: Codec;
    /** Of the method's own error. */
    readonly error?: Codec;
}
/** Those of a channel, by the names on the wire; made when it is first used. */
export type CodecTable = () => Readonly<Record<string, MethodCodecs>>;
/**
 * The options of a channel, by which its calls are coded. Interceptors stand outside: they see what the application
 * gave and will get.
 */
export declare function codedOptions(codecs: CodecTable, options?: ChannelOptions): ChannelOptions;
/** Listens by `listener` to an event that arrives coded. What doesn't fit is a fault, and no listener hears of it. */
export declare function codedListener<T>(codecs: CodecTable, rpc: Rpc, event: string, listener: (event: T) => void): (event: T) => void;
/**
 * Handles by `handler` calls of the server that are coded. The server's wrong arguments are refused; an answer of the wrong
 * form is `internal` for the server and surfaces here.
 */
export declare function codedHandler(codecs: CodecTable, method: string, handler: AnyHandler): AnyHandler;
type AnyHandler = (args: never, context: never) => unknown;
export {};
