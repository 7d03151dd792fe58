/**
 * What the generated option factories for TanStack Query have in common. For a channel `chat` this is printed:
 *
 *     export class ChatQueries {
 *       readonly history: CallQueries<{ room: string }, Message[], Failure>;
 *
 *       constructor(chat: ChatApi, prefix: QueryKey = []) {
 *         const key = [...prefix, "chat"];
 *         this.history = new CallQueries([...key, "history"], ({ room }, options) => chat.history(room, options));
 *       }
 *     }
 */
import { skipToken, experimental_streamedQuery as streamedQuery, } from "@tanstack/query-core";
/** A method that is only called: it answers nothing, or takes items. */
export class Mutations {
    #key;
    #call;
    constructor(key, call) {
        this.#key = key;
        this.#call = call;
    }
    /** Options for `useMutation`, whose variables are the arguments by name. */
    mutationOptions(options) {
        const call = this.#call;
        return { mutationKey: this.#key, mutationFn: (args) => call((args ?? {}), options) };
    }
}
/** A method that is called and answers. */
export class CallQueries extends Mutations {
    #key;
    #call;
    constructor(key, call) {
        super(key, call);
        this.#key = key;
        this.#call = call;
    }
    /** The key of the query with these arguments, or what all queries with these have in common. */
    queryKey(args) {
        return keyOf(this.#key, args);
    }
    queryOptions(args = {}, options) {
        if (args === skipToken)
            return { queryKey: keyOf(this.#key), queryFn: skipToken };
        const call = this.#call;
        return {
            queryKey: keyOf(this.#key, args),
            queryFn: ({ signal }) => call(args, { ...options, signal }),
        };
    }
}
/** A method that answers with items. */
export class StreamQueries {
    #key;
    #call;
    constructor(key, call) {
        this.#key = key;
        this.#call = call;
    }
    /** The key of the query with these arguments, or what all queries with these have in common. */
    queryKey(args) {
        return keyOf(this.#key, args);
    }
    streamedOptions(args = {}, options) {
        if (args === skipToken)
            return { queryKey: keyOf(this.#key), queryFn: skipToken };
        const { refetchMode = "reset", keep = Number.POSITIVE_INFINITY, ...callOptions } = options ?? {};
        const call = this.#call;
        return {
            queryKey: keyOf(this.#key, args),
            queryFn: streamedQuery({
                streamFn: ({ signal }) => call(args, { ...callOptions, signal }),
                refetchMode,
                reducer: (items, item) => [...items, item].slice(-keep),
                initialValue: [],
            }),
        };
    }
}
/** A key starts as that of its method; arguments that are left out are in none. */
function keyOf(key, args = {}) {
    const given = Object.entries(args).filter(([, value]) => value !== undefined);
    const named = given.map(([name, value]) => [name, hashable(value)]);
    return (named.length > 0 ? [...key, Object.fromEntries(named)] : key);
}
/** Keys are compared as JSON, which refuses some values and can't tell others apart; those become objects. */
function hashable(value) {
    if (typeof value === "bigint")
        return { bigint: `${value}` };
    if (typeof value === "number" && !Number.isFinite(value))
        return { number: `${value}` };
    if (typeof value !== "object" || value === null)
        return value;
    if (Array.isArray(value))
        return value.map(hashable);
    // Also what comes from another frame or context.
    const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
    if (kind === "Uint8Array")
        return { bytes: value.join(" ") };
    if (kind === "Map" || kind === "Set")
        return { [kind]: Array.from(value, hashable) };
    if ("toJSON" in value && typeof value.toJSON === "function")
        return hashable(value.toJSON());
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, hashable(member)]));
}
