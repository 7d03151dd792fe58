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
export class Faults {
  /** How long everything takes from one end to the other, in milliseconds. */
  latencyMs = 0;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #links: () => Iterable<Link>;
  readonly #breakRequests: () => void;
  /** All of a test: messages may be on the way even when a link has ended. */
  readonly #wires = new Set<Wire>();
  readonly #arrivals = new Map<SocketType, Arrivals>();
  #interceptors: readonly { readonly kinds: readonly RequestKind[]; readonly run: Interceptor }[] = [];
  #mostMessages = 0;
  #isStalled = false;

  /** @internal */
  constructor(clock: Clock, random: () => number, links: () => Iterable<Link>, breakRequests: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#links = links;
    this.#breakRequests = breakRequests;
  }

  /**
   * Lets nobody connect, by one kind of transport or by any, as if nothing listened. WebSockets that are open stay; of Ajax
   * every request is refused.
   */
  refuse(type?: SocketType): void {
    this.#setArrivals(type, "refuse");
  }

  /** Gives those who connect no answer, as a machine does that is off. For the rest as {@link refuse}. */
  ignore(type?: SocketType): void {
    this.#setArrivals(type, "ignore");
  }

  /** Ends {@link refuse} and {@link ignore}. Who was ignored stays so. */
  admit(type?: SocketType): void {
    this.#setArrivals(type, "admit");
  }

  /** Breaks all links, of one kind or of both; see {@link Link.cut}. */
  cut(type?: SocketType): void {
    for (const link of [...this.#links()]) if (!type || link.type === type) link.cut();
    if (type !== "WebSocket") this.#breakRequests();
  }

  /**
   * Breaks each link that is made from now on at a message, up or down, that is drawn from the network's seed: the first to
   * the `most`th. 0 ends that.
   */
  cutAtRandom(most: number): void {
    this.#mostMessages = most;
  }

  /** Keeps everything back until {@link resume}, on new connections too. */
  stall(): void {
    this.#isStalled = true;
    for (const wire of this.#wires) wire.stall();
  }

  /** Ends {@link stall}: what was kept back arrives. */
  resume(): void {
    this.#isStalled = false;
    for (const wire of this.#wires) wire.resume();
  }

  /** Makes the connections that there are half open, in one direction or in both; see {@link Wire.lose}. Those to come work. */
  lose(direction?: Direction): void {
    for (const wire of this.#wires) wire.lose(direction);
  }

  /**
   * Puts `interceptor` between the clients and the Ajax endpoint, for requests of these kinds (none: for all), until the
   * function that it returns is called, or for as many requests as `times` says. Of several the last sees a request first.
   */
  intercept(
    interceptor: Interceptor,
    { kinds = [], times = Number.POSITIVE_INFINITY }: { kinds?: readonly RequestKind[]; times?: number } = {},
  ): Unsubscribe {
    let left = times;
    const entry = {
      kinds,
      run: (request: HttpRequest, next: () => Promise<HttpAnswer>): HttpAnswer | Promise<HttpAnswer> =>
        left-- > 0 ? interceptor(request, next) : next(),
    };
    this.#interceptors = [entry, ...this.#interceptors];
    return () => {
      this.#interceptors = this.#interceptors.filter((other) => other !== entry);
    };
  }

  /** What becomes of those who connect. @internal */
  arrivals(type: SocketType): Arrivals {
    return this.#arrivals.get(type) ?? "admit";
  }

  /** @internal */
  newWire(): Wire {
    const wire = new Wire(this.#clock, () => this.latencyMs);
    if (this.#isStalled) wire.stall();
    this.#wires.add(wire);
    return wire;
  }

  /** How many messages a new link carries. @internal */
  lifetime(): number {
    return this.#mostMessages ? Math.floor(this.#random() * this.#mostMessages) : Number.POSITIVE_INFINITY;
  }

  /** Answers a request by way of the interceptors. @internal */
  async answer(request: HttpRequest, handler: HttpHandler): Promise<HttpAnswer> {
    const arrivals = this.arrivals("AjaxSocket");
    if (arrivals === "refuse") throw new TypeError("fetch failed");
    if (arrivals === "ignore") return new Promise(() => {});
    const interceptors = this.#interceptors.filter(
      ({ kinds }) => !kinds.length || kinds.includes(request.kind),
    );
    const pass = async (index: number): Promise<HttpAnswer> => {
      const interceptor = interceptors[index];
      return interceptor ? interceptor.run(request, () => pass(index + 1)) : handler(request);
    };
    return pass(0);
  }

  #setArrivals(type: SocketType | undefined, arrivals: Arrivals): void {
    for (const each of TYPES) if (!type || each === type) this.#arrivals.set(each, arrivals);
  }
}

const TYPES: readonly SocketType[] = ["WebSocket", "AjaxSocket"];
