/** Glue sockets and typed calls. */
export type { Channel, DiscardCallback, SendResult } from "./client/channel.js";
export { glue, type Socket, type SocketEvents, type SocketState } from "./client/client.js";
export type { SocketOptions } from "./client/options.js";
export type { Clock } from "./clock.js";
export type { Unsubscribe } from "./emitter.js";
export { GlueError } from "./errors.js";
export type { Code } from "./proto/code.js";
export { type CallOptions, Rpc, type RpcChannel, type RpcOptions, type RpcSocket } from "./rpc/caller.js";
export type { Fetch, FetchAnswer, FetchInit } from "./transport/ajax.js";
export type { SocketType } from "./transport/transport.js";
export type { WebSocketConstructor, WebSocketLike } from "./transport/websocket.js";
