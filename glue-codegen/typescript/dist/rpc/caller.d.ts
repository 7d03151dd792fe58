import type { Unsubscribe } from "../emitter.js";
import { Calls, type OpenSource } from "./calls.js";
import type { CallOptions, ChannelOptions, InterceptedCall, Items, RpcContract, RpcSocket } from "./options.js";
/** Typed calls over one channel of a socket, with options of their own. */
export declare class Rpc {
    #private;
    /** What all that is opened for the same channel of the same socket shares. @internal */
    readonly calls: Calls;
    /** The calls over the channel `name` of `socket`. */
    static open(socket: RpcSocket, name: string, contract?: RpcContract, options?: ChannelOptions): Rpc;
    private constructor();
    /** Calls `method`; fails with a `GlueError`. */
    call<T>(method: string, args: object, options?: CallOptions): Promise<T>;
    /** Sends a notification, which is never answered. Throws a `GlueError` if it can't even wait. */
    notify(method: string, args: object, options?: Pick<CallOptions, "traceparent">): void;
    /** The items of a stream. Each iteration is an exchange of its own, and leaving it ends that at the server. */
    stream<T>(method: string, args: object, options?: CallOptions): AsyncIterable<T>;
    /** Listens to the server's events. */
    on<T>(event: string, listener: (event: T) => void): Unsubscribe;
    /** How much of what the server sent made no sense. */
    get faults(): number;
    /** Makes a call, through the interceptor; `open` makes what sends `items`. @internal */
    run(kind: InterceptedCall["kind"], method: string, args: object, options?: CallOptions, items?: Items<unknown>, open?: (items: Items<unknown>) => OpenSource): unknown;
}
