/** What the readers of this folder return for text that breaks the grammar: never an exception. */
export interface Malformed<Reason extends string> {
    readonly error: Reason;
}
