// What an application writes with the option factories, for the type checker alone: what is inferred, and what is refused.
import { QueryClient, skipToken, useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import type { Shop } from "../queries/index.js";
import { RoomsQueries } from "../queries/rooms.query.js";
import type { ApplicationError, Failure, RpcSocket } from "../queries/runtime/index.js";
import { FakeShop } from "../queries/shop.fake.js";
import { ShopQueries } from "../queries/shop.query.js";
import type { Item, ShopError } from "../queries/types.js";

/** Whether two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(same: Same<A, B>): void;

type Failed = ApplicationError<ShopError> | Failure;
declare const shop: Shop;
declare const socket: RpcSocket;

const queries = new ShopQueries(shop);
new ShopQueries(new FakeShop(), ["second"]);
// @ts-expect-error a channel is needed
new ShopQueries(socket);

export function Queries(id: number | undefined): void {
  const item = useQuery(queries.item.queryOptions({ id: 1 }));
  same<typeof item.data, Item | undefined>(true);
  same<typeof item.error, Failed | null>(true);
  const { error } = item;
  if (error?.code === "application") same<typeof error.data, ShopError>(true);

  const items = useQuery({
    ...queries.listItems.queryOptions({ filter: "a" }),
    select: (items) => items.length,
    staleTime: 1000,
  });
  same<typeof items.data, number | undefined>(true);
  same<typeof items.error, Failure | null>(true);

  const sure = useSuspenseQuery(queries.item.queryOptions({ id: 1 }));
  same<typeof sure.data, Item>(true);
  same<typeof sure.error, Failed | null>(true);

  const maybe = useQuery(queries.item.queryOptions(id === undefined ? skipToken : { id }));
  same<typeof maybe.data, Item | undefined>(true);
  // @ts-expect-error what is suspended can't be skipped
  useSuspenseQuery(queries.item.queryOptions(skipToken));

  const followed = useQuery(
    queries.follow.streamedOptions({}, { refetchMode: "append", keep: 10, timeoutMs: 5 }),
  );
  same<typeof followed.data, Item[] | undefined>(true);
  same<typeof followed.error, Failed | null>(true);
  useQuery(queries.follow.streamedOptions());
  useQuery(queries.follow.streamedOptions(skipToken));
  useQuery(queries.count.queryOptions());
  useQuery(queries.count.queryOptions({}, { timeoutMs: 5 }));
  useQuery(queries.listItems.queryOptions());
  useQuery(queries.listItems.queryOptions({ filter: undefined, maxCount: null }));

  // @ts-expect-error an argument is missing
  queries.item.queryOptions();
  // @ts-expect-error an argument is of another type
  queries.item.queryOptions({ id: "1" });
  // @ts-expect-error there is no such argument
  queries.listItems.queryOptions({ name: "1" });
  // @ts-expect-error the signal is TanStack Query's
  queries.count.queryOptions({}, { signal: new AbortController().signal });
  // @ts-expect-error what answers nothing is no query
  queries.clear.queryOptions();
}

export function Mutating(chunks: AsyncIterable<string>): void {
  const client = new QueryClient();
  const add = useMutation({
    ...queries.add.mutationOptions({ timeoutMs: 500 }),
    onSuccess: (id, { name }) => {
      same<typeof id, number>(true);
      same<typeof name, string>(true);
      return client.invalidateQueries({ queryKey: queries.listItems.queryKey() });
    },
    onError: (error) => same<typeof error, Failed>(true),
  });
  same<typeof add.data, number | undefined>(true);
  same<typeof add.error, Failed | null>(true);
  add.mutate({ name: "a", api: true });
  // @ts-expect-error an argument is missing
  add.mutate({ name: "a" });

  const clear = useMutation(queries.clear.mutationOptions());
  clear.mutate();
  same<typeof clear.error, Failure | null>(true);

  const rooms = new RoomsQueries(undefined as never);
  useMutation(rooms.collect.mutationOptions()).mutate({ numbers: [1, 2] });
  // @ts-expect-error items are of another type
  useMutation(rooms.collect.mutationOptions()).mutate({ numbers: chunks });
  // @ts-expect-error what takes items is no query
  rooms.collect.queryOptions({ numbers: [1] });
  // @ts-expect-error what sends and answers items is neither
  rooms.compare;
}

export async function core(client: QueryClient): Promise<void> {
  same<Item, Awaited<ReturnType<typeof fetched>>>(true);
  const known = client.getQueryData(queries.item.queryKey({ id: 1 }));
  same<typeof known, Item | undefined>(true);
  const items = client.getQueryData(queries.follow.queryKey());
  same<typeof items, Item[] | undefined>(true);
  client.setQueryData(queries.count.queryKey(), 3);
  // @ts-expect-error it is a number
  client.setQueryData(queries.count.queryKey(), "3");
  await client.invalidateQueries({ queryKey: queries.listItems.queryKey({ filter: "a" }) });

  async function fetched(): Promise<Item> {
    return client.fetchQuery(queries.item.queryOptions({ id: 1 }));
  }
}
