/**
 * Writes `value`, which is called `what`, as JSON; nothing is `null`. Fails where JSON would say something else,
 * with the `method` that it is for.
 */
export declare function encodeJson(what: string, value: unknown, method?: string): string;
