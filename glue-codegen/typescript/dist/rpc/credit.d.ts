/**
 * What the reader of a stream lets the server send. It grants a window of items at a time, a smaller one where
 * items are large, so a reader that stalls holds a bounded amount of text. The window grows while the reader has to
 * wait for items, and shrinks again while they wait for it.
 */
export declare class Credit {
    #private;
    /** Items the server may still send. */
    granted: number;
    /** Notes an item that came; returns false if it was not granted. */
    receive(size: number): boolean;
    /** Notes an item that was taken out; returns how many to grant now, 0 for none. */
    consume(): number;
}
