/** Removes the listener it was returned for; calling it again does nothing. */
export type Unsubscribe = () => void;

interface Entry {
  /** Gone once removed, so that a removal holds even while an event is on its way through the list. */
  call: ((argument: never) => void) | undefined;
  readonly once: boolean;
}

/** Listeners by event name; `Events` maps each name to the listener's argument. */
export class Emitter<Events> {
  readonly #entries = new Map<keyof Events, readonly Entry[]>();
  /** What is being told, and what waits for that. */
  #turns: (() => void)[] = [];

  add<E extends keyof Events>(event: E, listener: (argument: Events[E]) => void, once = false): Unsubscribe {
    const entry: Entry = { call: listener, once };
    this.#entries.set(event, [...this.#list(event), entry]);
    return () => this.#remove(event, entry);
  }

  /** Removes every registration of `listener` for `event`. */
  remove<E extends keyof Events>(event: E, listener: (argument: Events[E]) => void): void {
    for (const entry of this.#list(event)) if (entry.call === listener) this.#remove(event, entry);
  }

  /** Calls the listeners of `event`, in {@link inTurn}. */
  emit<E extends keyof Events>(event: E, argument: Events[E]): void {
    this.inTurn(() => this.#tell(event, argument));
  }

  /**
   * Runs `turn` once the event under way has reached all of its listeners. Without that, an event caused by
   * one listener would reach the others before the event it came from.
   */
  inTurn(turn: () => void): void {
    this.#turns.push(turn);
    if (this.#turns.length > 1) return;
    // Those added meanwhile are met by this loop as well.
    for (const next of this.#turns) next();
    this.#turns = [];
  }

  #tell<E extends keyof Events>(event: E, argument: Events[E]): void {
    for (const entry of this.#list(event)) {
      const call = entry.call as ((argument: Events[E]) => void) | undefined;
      if (entry.once) this.#remove(event, entry);
      if (call) guarded(() => call(argument));
    }
  }

  #list(event: keyof Events): readonly Entry[] {
    return this.#entries.get(event) ?? [];
  }

  #remove(event: keyof Events, entry: Entry): void {
    entry.call = undefined;
    this.#entries.set(
      event,
      this.#list(event).filter((other) => other !== entry),
    );
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
