/** Glue sockets and typed calls. */
export type { Channel, DiscardCallback, SendResult } from "./client/channel.js";
export { glue, type Socket, type SocketEvents, type SocketState } from "./client/client.js";
export type { SocketOptions } from "./client/options.js";
export type { Clock } from "./clock.js";
export type { Unsubscribe } from "./emitter.js";
export { GlueError } from "./errors.js";
export type { Code } from "./proto/code.js";
export { callAgain, streamFrom } from "./rpc/again.js";
export { Rpc } from "./rpc/caller.js";
export {
  type ApplicationError,
  type Failure,
  isError,
  type SafeResult,
  type StaleMethod,
  safe,
  type Throws,
} from "./rpc/failure.js";
export { Fake, type FakeCall, type Stubs } from "./rpc/fake.js";
export { handle } from "./rpc/handle.js";
export type { Handler, HandlerContext } from "./rpc/handler.js";
export { interceptors } from "./rpc/interceptors.js";
export type {
  CallOptions,
  ChannelOptions,
  Intercepted,
  InterceptedCall,
  Interceptor,
  Items,
  Next,
  RpcChannel,
  RpcContract,
  RpcSocket,
  StaleCheck,
} from "./rpc/options.js";
export { staleCheck } from "./rpc/stale.js";
export { newTraceparent } from "./rpc/trace.js";
export { callWith, streamWith } from "./rpc/upload.js";
export type { Fetch, FetchAnswer, FetchInit } from "./transport/ajax.js";
export type { SocketType } from "./transport/transport.js";
export type { WebSocketConstructor, WebSocketLike } from "./transport/websocket.js";
