import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import {
  CancelledError,
  hashKey,
  MutationObserver,
  QueryClient,
  QueryObserver,
  skipToken,
} from "@tanstack/query-core";
import { FakeRooms } from "../queries/rooms.fake.js";
import { RoomsQueries } from "../queries/rooms.query.js";
import { type CallOptions, GlueError } from "../queries/runtime/index.js";
import { FakeShop } from "../queries/shop.fake.js";
import { ShopQueries } from "../queries/shop.query.js";
import type { Item } from "../queries/types.js";
import { CallQueries } from "../src/tanstack.js";

/** A client that tries once. */
function client(): QueryClient {
  return new QueryClient({ defaultOptions: { queries: { retry: false }, mutations: { retry: false } } });
}

const apple: Item = { id: 1, name: "apple" };
const pear: Item = { id: 2, name: "pear" };

test("a query calls its method with the arguments in their order", async () => {
  const shop = new FakeShop({ listItems: () => [apple] });
  const queries = new ShopQueries(shop);

  const items = await client().fetchQuery(
    queries.listItems.queryOptions({ maxCount: 3 }, { timeoutMs: 500 }),
  );

  assert.deepEqual(items, [apple]);
  const [filter, maxCount, options] = shop.fake.calls[0]?.args ?? assert.fail();
  assert.deepEqual([filter, maxCount], [undefined, 3]);
  assert.equal((options as CallOptions).timeoutMs, 500);
});

test("keys are the prefix, the channel, the method and the arguments that are there", () => {
  const queries = new ShopQueries(new FakeShop(), ["second"]);

  assert.deepEqual(queries.count.queryOptions().queryKey, ["second", "shop", "count"]);
  assert.deepEqual(queries.listItems.queryOptions({ filter: "a", maxCount: undefined }).queryKey, [
    "second",
    "shop",
    "listItems",
    { filter: "a" },
  ]);
  assert.deepEqual(queries.item.queryKey(), ["second", "shop", "item"]);
  assert.deepEqual(queries.follow.streamedOptions().queryKey, ["second", "shop", "follow"]);
  assert.deepEqual(queries.add.mutationOptions().mutationKey, ["second", "shop", "add"]);
});

test("arguments that JSON can't hold are told apart in keys", () => {
  const exact = new CallQueries<{ readonly value: unknown }, null, never>(["exact"], async () => null);
  const values = [
    1n,
    2n,
    1,
    new Uint8Array([1, 2]),
    new Uint8Array([12]),
    new Map([[1, "a"]]),
    new Map([[2, "a"]]),
    new Set([1]),
    new Set(["1"]),
    new Date(0),
    new Date(1),
    { deep: [1n] },
    { deep: [2n] },
    null,
    "1",
    "1n",
    "1 2",
    [1],
    [[1, "a"]],
    Number.NaN,
    runInNewContext('new Map([[3, "a"]])'),
    runInNewContext('new Map([[4, "a"]])'),
    runInNewContext("new Set([5])"),
    runInNewContext("new Set([6])"),
    { toJSON: () => 3n },
  ];

  const hashes = values.map((value) => hashKey(exact.queryKey({ value })));

  assert.equal(new Set(hashes).size, values.length);
  assert.equal(
    hashKey(exact.queryKey({ value: new Map([[1n, { b: 1, a: 2 }]]) })),
    hashKey(exact.queryKey({ value: new Map([[1n, { a: 2, b: 1 }]]) })),
  );
});

test("a query that is cancelled cancels its call", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const shop = new FakeShop({
    item: (_, options) => {
      signals.push(options?.signal);
      return new Promise(() => {});
    },
  });
  const queries = new ShopQueries(shop);
  const cache = client();
  const { queryKey } = queries.item.queryOptions({ id: 1 });

  const fetched = cache.fetchQuery(queries.item.queryOptions({ id: 1 }));
  assert.equal(signals[0]?.aborted, false);
  await cache.cancelQueries({ queryKey });

  await assert.rejects(fetched, CancelledError);
  assert.equal(signals[0]?.aborted, true);
});

test("a query fails with what its call failed with", async () => {
  const failure = new GlueError("application", "no such item", { data: { kind: "missing", id: 9 } });
  const queries = new ShopQueries(new FakeShop({ item: () => Promise.reject(failure) }));
  const observer = new QueryObserver(client(), queries.item.queryOptions({ id: 9 }));

  const result = await observer.refetch();

  assert.equal(result.error, failure);
  assert.ok(result.error?.code === "application" && result.error.data.kind === "missing");
});

test("what is skipped is not called", async () => {
  const shop = new FakeShop();
  const queries = new ShopQueries(shop);
  const cache = client();

  const options = queries.item.queryOptions(skipToken);
  const observer = new QueryObserver(cache, options);
  const leave = observer.subscribe(() => {});

  assert.equal(observer.getCurrentResult().fetchStatus, "idle");
  assert.deepEqual(options.queryKey, queries.item.queryKey());
  assert.equal(queries.follow.streamedOptions(skipToken).queryFn, skipToken);
  assert.deepEqual(shop.fake.calls, []);
  leave();
});

test("a mutation takes its arguments by name, and what it invalidates is read again", async () => {
  const items = [apple];
  const shop = new FakeShop({
    listItems: () => [...items],
    add: (name) => items.push({ id: 2, name }),
  });
  const queries = new ShopQueries(shop);
  const cache = client();
  const observer = new QueryObserver(cache, queries.listItems.queryOptions());
  const leave = observer.subscribe(() => {});

  const mutation = new MutationObserver(cache, {
    ...queries.add.mutationOptions(),
    onSuccess: () => cache.invalidateQueries({ queryKey: queries.listItems.queryKey() }),
  });
  assert.equal(await mutation.mutate({ name: "pear", api: true }), 2);

  assert.deepEqual(observer.getCurrentResult().data, [apple, pear]);
  leave();
});

test("mutations without arguments, and such that take items", async () => {
  const shop = new FakeShop({ clear: () => undefined });
  const rooms = new FakeRooms({
    collect: async (numbers) => {
      let sum = 0;
      for await (const number of numbers) sum += number;
      return sum;
    },
  });
  const cache = client();

  await new MutationObserver(cache, new ShopQueries(shop).clear.mutationOptions()).mutate();
  const collect = new MutationObserver(cache, new RoomsQueries(rooms).collect.mutationOptions());

  assert.equal(await collect.mutate({ numbers: [1, 2, 3] }), 6);
  assert.equal(shop.fake.calls[0]?.method, "clear");
});

test("the data of a streamed query are its items so far", async () => {
  const shop = new FakeShop({ follow: () => [apple, pear] });
  const queries = new ShopQueries(shop);
  const seen: unknown[] = [];
  const cache = client();
  const observer = new QueryObserver(cache, queries.follow.streamedOptions({ since: 0 }));
  const leave = observer.subscribe(({ data }) => seen.push(data));

  await cache.fetchQuery(queries.follow.streamedOptions({ since: 0 }));

  assert.deepEqual(observer.getCurrentResult().data, [apple, pear]);
  assert.ok(seen.length > 0);
  leave();
});

test("a streamed query keeps the latest items", async () => {
  const items = [1, 2, 3, 4].map((id) => ({ id, name: "" }));
  const queries = new ShopQueries(new FakeShop({ follow: () => items }));
  const cache = client();

  const kept = await cache.fetchQuery(queries.follow.streamedOptions({}, { keep: 2, refetchMode: "append" }));
  const more = await cache.fetchQuery(queries.follow.streamedOptions({}, { keep: 3, refetchMode: "append" }));

  assert.deepEqual(
    kept.map((item) => item.id),
    [3, 4],
  );
  assert.deepEqual(
    more.map((item) => item.id),
    [2, 3, 4],
  );
});

test("a streamed query that is cancelled ends its stream", async () => {
  let arrived = (): void => {};
  const first = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const shop = new FakeShop({
    follow: (_, options) => ({
      async *[Symbol.asyncIterator]() {
        yield apple;
        arrived();
        await new Promise((resolve) => options?.signal?.addEventListener("abort", resolve));
        end();
        throw new GlueError("cancelled", "cancelled");
      },
    }),
  });
  const queries = new ShopQueries(shop);
  const cache = client();

  const fetched = cache.fetchQuery(queries.follow.streamedOptions());
  await first;
  await cache.cancelQueries({ queryKey: queries.follow.queryKey() });

  await ended;
  await Promise.allSettled([fetched]);
});
