/** One direction of a {@link Wire}. */
class Lane {
    #clock;
    #latency;
    #parcels = [];
    #state = "open";
    #armed = false;
    constructor(clock, latency) {
        this.#clock = clock;
        this.#latency = latency;
    }
    carry(deliver) {
        if (this.#state === "lost")
            return;
        const at = Math.max(this.#clock.now() + this.#latency(), this.#parcels.at(-1)?.at ?? 0);
        this.#parcels.push({ at, deliver });
        this.#arm();
    }
    stall() {
        if (this.#state === "open")
            this.#state = "stalled";
    }
    resume() {
        if (this.#state === "stalled")
            this.#state = "open";
        this.#arm();
    }
    lose() {
        this.#state = "lost";
        this.#parcels = [];
    }
    get isStalled() {
        return this.#state === "stalled";
    }
    /** One at a time, each in a turn of its own: what one causes comes before the next. */
    #arm() {
        const [next] = this.#parcels;
        if (!next || this.#armed || this.#state === "stalled")
            return;
        this.#armed = true;
        const run = () => {
            this.#armed = false;
            this.#deliver();
        };
        const wait = next.at - this.#clock.now();
        if (wait > 0)
            this.#clock.after(wait, run);
        else
            queueMicrotask(run);
    }
    #deliver() {
        const [next] = this.#parcels;
        if (this.#state === "open" && next && next.at <= this.#clock.now()) {
            this.#parcels.shift();
            try {
                next.deliver();
            }
            finally {
                this.#arm();
            }
        }
        else {
            this.#arm();
        }
    }
}
/** What lies between a client and the server: it carries things, in order, as well as its faults allow. */
export class Wire {
    #lanes;
    /** `latency` is asked for each thing that is carried, and gives milliseconds. */
    constructor(clock, latency) {
        this.#lanes = { toServer: new Lane(clock, latency), toClient: new Lane(clock, latency) };
    }
    /** Calls `deliver` when it has come to the other end: after the latency, without one in a microtask. */
    carry(direction, deliver) {
        this.#lanes[direction].carry(deliver);
    }
    /** Keeps everything back until {@link resume}. */
    stall() {
        this.#lanes.toServer.stall();
        this.#lanes.toClient.stall();
    }
    /** Ends {@link stall}: what was kept back arrives. */
    resume() {
        this.#lanes.toServer.resume();
        this.#lanes.toClient.resume();
    }
    get isStalled() {
        return this.#lanes.toServer.isStalled;
    }
    /**
     * Lets nothing arrive any more, in both directions unless one is named: what is left of a connection when a machine or
     * the route to it dies. Nobody is told, and it can't be mended.
     */
    lose(direction) {
        if (direction !== "toClient")
            this.#lanes.toServer.lose();
        if (direction !== "toServer")
            this.#lanes.toClient.lose();
    }
}
