/**
 * Aids for tests of what uses Glue: a network in memory with a server that the test plays, virtual time, and faults. Not
 * part of the client; nothing of the client imports it.
 */
export type { Authorize, ClientInit, ConnectRequest, Refusal } from "./admission.js";
export type { Call } from "./call.js";
export type { Faults } from "./faults.js";
export type { HttpAnswer, HttpRequest, MemoryFetchInit, MemoryResponse, RequestKind } from "./http.js";
export { htmlPage, type Interceptor, loseAnswer, redirect, repeatAnswer, repeatRequest, status, truncate, } from "./http-faults.js";
export type { Link, LinkEnd } from "./link.js";
export { ManualClock } from "./manual-clock.js";
export { MemoryNetwork, type MemoryOptions, type NetworkOptions } from "./network.js";
export type { Peer } from "./peer.js";
export type { PeerChannel } from "./peer-channel.js";
export type { Methods, PeerCallOptions, PeerRpc } from "./peer-rpc.js";
export { seededRandom } from "./random.js";
export type { Direction, Wire } from "./wire.js";
