/** Listeners by event name; `Events` maps each name to the listener's argument. */
export class Emitter {
    #entries = new Map();
    /** What waits for what is under way. */
    #turns = [];
    #isHolding = false;
    add(event, listener, once = false) {
        const entry = { call: listener, once };
        const entries = this.#entries.get(event) ?? new Set();
        this.#entries.set(event, entries.add(entry));
        return () => this.#remove(event, entry);
    }
    /** Removes every registration of `listener` for `event`. */
    remove(event, listener) {
        for (const entry of this.#list(event))
            if (entry.call === listener)
                this.#remove(event, entry);
    }
    /** Calls the listeners of `event`, {@link inTurn}. */
    emit(event, argument) {
        this.inTurn(() => this.#tell(event, argument));
    }
    /**
     * Runs `turn` once what is under way has come to its end. Without that, an event caused by one listener would
     * reach the others before the event it came from.
     */
    inTurn(turn) {
        this.holding(() => this.#turns.push(turn));
    }
    /** Runs `change` at once, and what it gives to {@link inTurn} behind it. */
    holding(change) {
        const isOutermost = !this.#isHolding;
        this.#isHolding = true;
        change();
        if (!isOutermost)
            return;
        // Those added meanwhile are met by this loop as well.
        for (const turn of this.#turns)
            turn();
        this.#turns = [];
        this.#isHolding = false;
    }
    #tell(event, argument) {
        for (const entry of this.#list(event)) {
            const call = entry.call;
            if (entry.once)
                this.#remove(event, entry);
            if (call)
                guarded(() => call(argument));
        }
    }
    /** Those of now: one that is added while they are told hears of the next event. */
    #list(event) {
        return [...(this.#entries.get(event) ?? [])];
    }
    #remove(event, entry) {
        entry.call = undefined;
        this.#entries.get(event)?.delete(entry);
    }
}
/**
 * Runs the application's code. What it throws surfaces as an uncaught error, as with DOM listeners, and
 * disturbs neither the other listeners nor the socket.
 */
export function guarded(run) {
    try {
        run();
    }
    catch (error) {
        queueMicrotask(() => {
            throw error;
        });
    }
}
