import { FIRST_CREDIT, MAX_WINDOW, MAX_WINDOW_TEXT, WINDOW } from "../proto/limits.js";
/**
 * What the reader of a stream lets the server send. It grants a window of items at a time, a smaller one where
 * items are large, so a reader that stalls holds a bounded amount of text. The window grows while the reader has to
 * wait for items, and shrinks again while they wait for it.
 */
export class Credit {
    /** Items the server may still send. */
    granted = FIRST_CREDIT;
    /** Items that came and weren't taken out. */
    #queued = 0;
    /** Size of an item: the largest at once, forgotten by halves. */
    #itemSize = 1;
    /** Items that may be granted or waiting, if they are small; what is granted next is the first window. */
    #window = WINDOW / 2;
    /** Whether the reader has taken all that there was since credit was given last. */
    #hasWaited = false;
    /** Notes an item that came; returns false if it was not granted. */
    receive(size) {
        this.#itemSize = Math.max(size, this.#itemSize / 2);
        this.#queued++;
        return --this.granted >= 0;
    }
    /** Notes an item that was taken out; returns how many to grant now, 0 for none. */
    consume() {
        if (--this.#queued === 0)
            this.#hasWaited = true;
        const fitting = Math.max(1, Math.floor(MAX_WINDOW_TEXT / this.#itemSize));
        const open = this.granted + this.#queued;
        // In halves, so that credit costs little and the server never waits for it.
        if (open > Math.min(this.#window, fitting) / 2)
            return 0;
        this.#window = this.#hasWaited
            ? Math.min(this.#window * 2, MAX_WINDOW)
            : Math.max(this.#window / 2, WINDOW);
        this.#hasWaited = false;
        const credit = Math.max(0, Math.min(this.#window, fitting) - open);
        this.granted += credit;
        return credit;
    }
}
