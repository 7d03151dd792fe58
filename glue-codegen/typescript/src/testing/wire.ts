import type { Clock } from "../clock.js";

/** One of the two ways. */
export type Direction = "toServer" | "toClient";

interface Parcel {
  readonly at: number;
  readonly deliver: () => void;
}

/** One direction of a {@link Wire}. */
class Lane {
  readonly #clock: Clock;
  readonly #latency: () => number;
  #parcels: Parcel[] = [];
  #state: "open" | "stalled" | "lost" = "open";
  #armed = false;

  constructor(clock: Clock, latency: () => number) {
    this.#clock = clock;
    this.#latency = latency;
  }

  carry(deliver: () => void): void {
    if (this.#state === "lost") return;
    const at = Math.max(this.#clock.now() + this.#latency(), this.#parcels.at(-1)?.at ?? 0);
    this.#parcels.push({ at, deliver });
    this.#arm();
  }

  stall(): void {
    if (this.#state === "open") this.#state = "stalled";
  }

  resume(): void {
    if (this.#state === "stalled") this.#state = "open";
    this.#arm();
  }

  lose(): void {
    this.#state = "lost";
    this.#parcels = [];
  }

  get isStalled(): boolean {
    return this.#state === "stalled";
  }

  /** One at a time, each in a turn of its own: what one causes comes before the next. */
  #arm(): void {
    const [next] = this.#parcels;
    if (!next || this.#armed || this.#state === "stalled") return;
    this.#armed = true;
    const run = (): void => {
      this.#armed = false;
      this.#deliver();
    };
    const wait = next.at - this.#clock.now();
    if (wait > 0) this.#clock.after(wait, run);
    else queueMicrotask(run);
  }

  #deliver(): void {
    const [next] = this.#parcels;
    if (this.#state === "open" && next && next.at <= this.#clock.now()) {
      this.#parcels.shift();
      try {
        next.deliver();
      } finally {
        this.#arm();
      }
    } else {
      this.#arm();
    }
  }
}

/** What lies between a client and the server: it carries things, in order, as well as its faults allow. */
export class Wire {
  readonly #lanes: Readonly<Record<Direction, Lane>>;

  /** `latency` is asked for each thing that is carried, and gives milliseconds. */
  constructor(clock: Clock, latency: () => number) {
    this.#lanes = { toServer: new Lane(clock, latency), toClient: new Lane(clock, latency) };
  }

  /** Calls `deliver` when it has come to the other end: after the latency, without one in a microtask. */
  carry(direction: Direction, deliver: () => void): void {
    this.#lanes[direction].carry(deliver);
  }

  /** Keeps everything back until {@link resume}. */
  stall(): void {
    this.#lanes.toServer.stall();
    this.#lanes.toClient.stall();
  }

  /** Ends {@link stall}: what was kept back arrives. */
  resume(): void {
    this.#lanes.toServer.resume();
    this.#lanes.toClient.resume();
  }

  get isStalled(): boolean {
    return this.#lanes.toServer.isStalled;
  }

  /**
   * Lets nothing arrive any more, in both directions unless one is named: what is left of a connection when a machine or
   * the route to it dies. Nobody is told, and it can't be mended.
   */
  lose(direction?: Direction): void {
    if (direction !== "toClient") this.#lanes.toServer.lose();
    if (direction !== "toServer") this.#lanes.toClient.lose();
  }
}
