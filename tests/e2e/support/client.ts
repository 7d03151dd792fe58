import { WebSocket } from "ws";
import { glue, type Socket, type SocketOptions } from "../generated/runtime/index.js";

/** A socket of our client in Node, which comes back fast. */
export function connect(url: string, options: SocketOptions = {}): Socket {
  return glue(url, {
    WebSocket,
    reconnectDelay: 50,
    reconnectDelayMax: 100,
    reconnectAttempts: 0,
    ...options,
  });
}
