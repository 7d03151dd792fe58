/** Listeners by event name; `Events` maps each name to the listener's argument. */
export class Emitter {
    #entries = new Map();
    /** What is being told, and what waits for that. */
    #turns = [];
    add(event, listener, once = false) {
        const entry = { call: listener, once };
        this.#entries.set(event, [...this.#list(event), entry]);
        return () => this.#remove(event, entry);
    }
    /** Removes every registration of `listener` for `event`. */
    remove(event, listener) {
        for (const entry of this.#list(event))
            if (entry.call === listener)
                this.#remove(event, entry);
    }
    /** Calls the listeners of `event`, in {@link inTurn}. */
    emit(event, argument) {
        this.inTurn(() => this.#tell(event, argument));
    }
    /**
     * Runs `turn` once the event under way has reached all of its listeners. Without that, an event caused by
     * one listener would reach the others before the event it came from.
     */
    inTurn(turn) {
        this.#turns.push(turn);
        if (this.#turns.length > 1)
            return;
        // Those added meanwhile are met by this loop as well.
        for (const next of this.#turns)
            next();
        this.#turns = [];
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
    #list(event) {
        return this.#entries.get(event) ?? [];
    }
    #remove(event, entry) {
        entry.call = undefined;
        this.#entries.set(event, this.#list(event).filter((other) => other !== entry));
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
