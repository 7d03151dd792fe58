/** Removes the listener it was returned for; calling it again does nothing. */
export type Unsubscribe = () => void;
/** Listeners by event name; `Events` maps each name to the listener's argument. */
export declare class Emitter<Events> {
    #private;
    add<E extends keyof Events>(event: E, listener: (argument: Events[E]) => void, once?: boolean): Unsubscribe;
    /** Removes every registration of `listener` for `event`. */
    remove<E extends keyof Events>(event: E, listener: (argument: Events[E]) => void): void;
    /** Calls the listeners of `event`, {@link inTurn}. */
    emit<E extends keyof Events>(event: E, argument?: Events[E]): void;
    /**
     * Runs `turn` once what is under way has come to its end. Without that, an event caused by one listener would
     * reach the others before the event it came from.
     */
    inTurn(turn: () => void): void;
    /** Runs `change` at once, and what it gives to {@link inTurn} behind it. */
    holding(change: () => void): void;
}
/**
 * Runs the application's code. What it throws surfaces as an uncaught error, as with DOM listeners, and
 * disturbs neither the other listeners nor the socket.
 */
export declare function guarded(run: () => void): void;
