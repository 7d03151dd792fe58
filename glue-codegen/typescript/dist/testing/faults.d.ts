import type { Clock } from "../clock.js";
import type { Unsubscribe } from "../emitter.js";
import type { SocketType } from "../transport/transport.js";
import type { HttpAnswer, HttpHandler, HttpRequest, RequestKind } from "./http.js";
import type { Interceptor } from "./http-faults.js";
import type { Link } from "./link.js";
import { type Direction, Wire } from "./wire.js";
/** What becomes of those who connect. */
export type Arrivals = "admit" | "refuse" | "ignore";
/** What is wrong with a network: with all of its links, and those to come. Nothing is, at first. */
export declare class Faults {
    #private;
    /** How long everything takes from one end to the other, in milliseconds. */
    latencyMs: number;
    /** @internal */
    constructor(clock: Clock, random: () => number, links: () => Iterable<Link>, breakRequests: () => void);
    /**
     * Lets nobody connect, by one kind of transport or by any, as if nothing listened. WebSockets that are open stay; of Ajax
     * every request is refused.
     */
    refuse(type?: SocketType): void;
    /** Gives those who connect no answer, as a machine does that is off. For the rest as {@link refuse}. */
    ignore(type?: SocketType): void;
    /** Ends {@link refuse} and {@link ignore}. Who was ignored stays so. */
    admit(type?: SocketType): void;
    /** Breaks all links, of one kind or of both; see {@link Link.cut}. */
    cut(type?: SocketType): void;
    /**
     * Breaks each link that is made from now on at a message, up or down, that is drawn from the network's seed: the first to
     * the `most`th. 0 ends that.
     */
    cutAtRandom(most: number): void;
    /** Keeps everything back until {@link resume}, on new connections too. */
    stall(): void;
    /** Ends {@link stall}: what was kept back arrives. */
    resume(): void;
    /** Makes the connections that there are half open, in one direction or in both; see {@link Wire.lose}. Those to come work. */
    lose(direction?: Direction): void;
    /**
     * Puts `interceptor` between the clients and the Ajax endpoint, for requests of these kinds (none: for all), until the
     * function that it returns is called, or for as many requests as `times` says. Of several the last sees a request first.
     */
    intercept(interceptor: Interceptor, { kinds, times }?: {
        kinds?: readonly RequestKind[];
        times?: number;
    }): Unsubscribe;
    /** What becomes of those who connect. @internal */
    arrivals(type: SocketType): Arrivals;
    /** @internal */
    newWire(): Wire;
    /** How many messages a new link carries. @internal */
    lifetime(): number;
    /** Answers a request by way of the interceptors. @internal */
    answer(request: HttpRequest, handler: HttpHandler): Promise<HttpAnswer>;
}
