/** Removes the listener it was returned for; calling it again does nothing. */
export type Unsubscribe = () => void;

interface Entry {
  /** Gone once removed, so that a removal holds even while an event is on its way through the list. */
  call: ((argument: never) => void) | undefined;
  readonly once: boolean;
}

/** Listeners by event name; `Events` maps each name to the listener's argument. */
export class Emitter<Events> {
  readonly #entries = new Map<keyof Events, Set<Entry>>();
  /** What waits for what is under way. */
  #turns: (() => void)[] = [];
  #isHolding = false;

  add<E extends keyof Events>(event: E, listener: (argument: Events[E]) => void, once = false): Unsubscribe {
    const entry: Entry = { call: listener, once };
    const entries = this.#entries.get(event) ?? new Set();
    this.#entries.set(event, entries.add(entry));
    return () => this.#remove(event, entry);
  }

  /** Removes every registration of `listener` for `event`. */
  remove<E extends keyof Events>(event: E, listener: (argument: Events[E]) => void): void {
    for (const entry of this.#list(event)) if (entry.call === listener) this.#remove(event, entry);
  }

  /** Calls the listeners of `event`, {@link inTurn}. */
  emit<E extends keyof Events>(event: E, argument?: Events[E]): void {
    this.inTurn(() => this.#tell(event, argument as Events[E]));
  }

  /**
   * Runs `turn` once what is under way has come to its end. Without that, an event caused by one listener would
   * reach the others before the event it came from.
   */
  inTurn(turn: () => void): void {
    this.holding(() => this.#turns.push(turn));
  }

  /** Runs `change` at once, and what it gives to {@link inTurn} behind it. */
  holding(change: () => void): void {
    const isOutermost = !this.#isHolding;
    this.#isHolding = true;
    change();
    if (!isOutermost) return;
    // Those added meanwhile are met by this loop as well.
    for (const turn of this.#turns) turn();
    this.#turns = [];
    this.#isHolding = false;
  }

  #tell<E extends keyof Events>(event: E, argument: Events[E]): void {
    for (const entry of this.#list(event)) {
      const call = entry.call as ((argument: Events[E]) => void) | undefined;
      if (entry.once) this.#remove(event, entry);
      if (call) guarded(() => call(argument));
    }
  }

  /** Those of now: one that is added while they are told hears of the next event. */
  #list(event: keyof Events): readonly Entry[] {
    return [...(this.#entries.get(event) ?? [])];
  }

  #remove(event: keyof Events, entry: Entry): void {
    entry.call = undefined;
    this.#entries.get(event)?.delete(entry);
  }
}

/**
 * Runs the application's code. What it throws surfaces as an uncaught error, as with DOM listeners, and
 * disturbs neither the other listeners nor the socket.
 */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
