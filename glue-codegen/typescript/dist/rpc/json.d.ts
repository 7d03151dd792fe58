/** Writes `value`, which is called `what`, as JSON; nothing is `null`. Fails where JSON would say something else. */
export declare function encodeJson(what: string, value: unknown): string;
