/** Writes the data of a container. None of the messages may be an `in` or a container. */
export declare function encodeBatch(messages: readonly string[]): string;
/** Reads the data of a container: all of its messages, or nothing if anything about it is wrong. */
export declare function decodeBatch(text: string, most?: number): readonly string[] | undefined;
