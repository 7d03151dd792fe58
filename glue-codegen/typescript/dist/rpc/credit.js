import { FIRST_CREDIT, MAX_WINDOW, MAX_WINDOW_TEXT } from "../proto/limits.js";
/**
 * What the reader of a stream lets the server send. It grants a window of items at a time, a smaller one where
 * items are large, so a reader that stalls holds a bounded amount of text.
 */
export class Credit {
    /** Items the server may still send. */
    granted = FIRST_CREDIT;
    /** Items that came and weren't taken out. */
    #queued = 0;
    /** Size of an item: the largest at once, forgotten by halves. */
    #itemSize = 1;
    /** Notes an item that came; returns false if it was not granted. */
    receive(size) {
        this.#itemSize = Math.max(size, this.#itemSize / 2);
        this.#queued++;
        return --this.granted >= 0;
    }
    /** Notes an item that was taken out; returns how many to grant now, 0 for none. */
    consume() {
        this.#queued--;
        const window = Math.max(1, Math.min(MAX_WINDOW, Math.floor(MAX_WINDOW_TEXT / this.#itemSize)));
        const open = this.granted + this.#queued;
        // In halves, so that credit costs little and the server never waits for it.
        if (open > window / 2)
            return 0;
        this.granted += window - open;
        return window - open;
    }
}
