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
import {
  type DataTag,
  type QueryFunction,
  type QueryKey,
  type SkipToken,
  skipToken,
  experimental_streamedQuery as streamedQuery,
} from "@tanstack/query-core";
import type { CallOptions } from "./index.js";

export type { QueryKey } from "@tanstack/query-core";

/** Options of the calls that a query makes; TanStack Query says itself when one is to be cancelled. */
export type QueryCallOptions = Omit<CallOptions, "signal">;

/** Options of a streamed query. */
export interface StreamOptions extends QueryCallOptions {
  /**
   * What happens to the items when the stream is read again: `"reset"` drops them at once, `"append"` adds to them,
   * `"replace"` keeps them until the new stream has ended. Default `"reset"`.
   */
  readonly refetchMode?: "reset" | "append" | "replace" | undefined;
  /** How many items are kept, the latest; a stream without end needs it. At least 1. Default all. */
  readonly keep?: number | undefined;
}

/** By these the type of errors is inferred; neither is ever there. */
interface Fails<E> {
  readonly throwOnError?: (error: E) => boolean;
  readonly retryDelay?: (failureCount: number, error: E) => number;
}

/** What `useQuery`, `fetchQuery` and the like take. */
export interface QueryOptions<T, E> extends Fails<E> {
  readonly queryKey: DataTag<QueryKey, T, E>;
  readonly queryFn: QueryFunction<T, QueryKey>;
}

/** The same of a query that may be skipped. */
export interface SkippableOptions<T, E> extends Fails<E> {
  readonly queryKey: DataTag<QueryKey, T, E>;
  readonly queryFn: QueryFunction<T, QueryKey> | SkipToken;
}

/** What `useMutation` takes. */
export interface MutationOptions<Args, T, E> extends Fails<E> {
  readonly mutationKey: QueryKey;
  readonly mutationFn: (args: Variables<Args>) => Promise<T>;
}

/** Arguments of which all may be left out may be left out altogether. */
// biome-ignore lint/suspicious/noConfusingVoidType: of parameters only `void` may be left out
type Variables<Args> = Record<never, never> extends Args ? Args | void : Args;
type Given<Args, Options> =
  Record<never, never> extends Args ? [args?: Args, options?: Options] : [args: Args, options?: Options];

/** A method that is only called: it answers nothing, or takes items. */
export class Mutations<Args extends object, T, E> {
  readonly #key: QueryKey;
  readonly #call: (args: Args, options?: CallOptions) => Promise<T>;

  constructor(key: QueryKey, call: (args: Args, options?: CallOptions) => Promise<T>) {
    this.#key = key;
    this.#call = call;
  }

  /** Options for `useMutation`, whose variables are the arguments by name. */
  mutationOptions(options?: CallOptions): MutationOptions<Args, T, E> {
    const call = this.#call;
    return { mutationKey: this.#key, mutationFn: (args) => call((args ?? {}) as Args, options) };
  }
}

/** A method that is called and answers. */
export class CallQueries<Args extends object, T, E> extends Mutations<Args, T, E> {
  readonly #key: QueryKey;
  readonly #call: (args: Args, options?: CallOptions) => Promise<T>;

  constructor(key: QueryKey, call: (args: Args, options?: CallOptions) => Promise<T>) {
    super(key, call);
    this.#key = key;
    this.#call = call;
  }

  /** The key of the query with these arguments, or what all queries with these have in common. */
  queryKey(args?: Partial<Args>): DataTag<QueryKey, T, E> {
    return keyOf(this.#key, args);
  }

  /** Options for `useQuery`, given the arguments by name. */
  queryOptions(...given: Given<Args, QueryCallOptions>): QueryOptions<T, E>;
  queryOptions(args: Args | SkipToken, options?: QueryCallOptions): SkippableOptions<T, E>;
  queryOptions(args: Args | SkipToken = {} as Args, options?: QueryCallOptions): SkippableOptions<T, E> {
    if (args === skipToken) return { queryKey: keyOf(this.#key), queryFn: skipToken };
    const call = this.#call;
    return {
      queryKey: keyOf(this.#key, args as Args),
      queryFn: ({ signal }) => call(args as Args, { ...options, signal }),
    };
  }
}

/** A method that answers with items. */
export class StreamQueries<Args extends object, T, E> {
  readonly #key: QueryKey;
  readonly #call: (args: Args, options?: CallOptions) => AsyncIterable<T>;

  constructor(key: QueryKey, call: (args: Args, options?: CallOptions) => AsyncIterable<T>) {
    this.#key = key;
    this.#call = call;
  }

  /** The key of the query with these arguments, or what all queries with these have in common. */
  queryKey(args?: Partial<Args>): DataTag<QueryKey, T[], E> {
    return keyOf(this.#key, args);
  }

  /** Options for `useQuery`, whose data are the items so far. */
  streamedOptions(...given: Given<Args, StreamOptions>): QueryOptions<T[], E>;
  streamedOptions(args: Args | SkipToken, options?: StreamOptions): SkippableOptions<T[], E>;
  streamedOptions(args: Args | SkipToken = {} as Args, options?: StreamOptions): SkippableOptions<T[], E> {
    if (args === skipToken) return { queryKey: keyOf(this.#key), queryFn: skipToken };
    const { refetchMode = "reset", keep = Number.POSITIVE_INFINITY, ...callOptions } = options ?? {};
    const call = this.#call;
    return {
      queryKey: keyOf(this.#key, args as Args),
      queryFn: streamedQuery<T, T[], QueryKey>({
        streamFn: ({ signal }) => call(args as Args, { ...callOptions, signal }),
        refetchMode,
        reducer: (items, item) => [...items, item].slice(-keep),
        initialValue: [],
      }),
    };
  }
}

/** A key starts as that of its method; arguments that are left out are in none. */
function keyOf<T, E>(key: QueryKey, args: object = {}): DataTag<QueryKey, T, E> {
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const named = given.map(([name, value]) => [name, hashable(value)]);
  return (named.length > 0 ? [...key, Object.fromEntries(named)] : key) as DataTag<QueryKey, T, E>;
}

/** Keys are compared as JSON, which refuses some values and can't tell others apart; those become objects. */
function hashable(value: unknown): unknown {
  if (typeof value === "bigint") return { bigint: `${value}` };
  if (typeof value === "number" && !Number.isFinite(value)) return { number: `${value}` };
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(hashable);
  // Also what comes from another frame or context.
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (kind === "Uint8Array") return { bytes: (value as Uint8Array).join(" ") };
  if (kind === "Map" || kind === "Set") return { [kind]: Array.from(value as Iterable<unknown>, hashable) };
  if ("toJSON" in value && typeof value.toJSON === "function") return hashable(value.toJSON());
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, hashable(member)]));
}
