import assert from "node:assert/strict";
import { test } from "node:test";
import { glue, type Socket } from "../src/client/client.js";
import { GlueError } from "../src/errors.js";
import { Rpc } from "../src/rpc/caller.js";
import { handle } from "../src/rpc/handle.js";
import type { HandlerContext } from "../src/rpc/handler.js";
import { callWith, streamWith } from "../src/rpc/upload.js";
import { MemoryNetwork, type Peer } from "../src/testing/index.js";

async function connect(): Promise<{ network: MemoryNetwork; peer: Peer; socket: Socket; rpc: Rpc }> {
  const network = new MemoryNetwork();
  const socket = glue("http://server", network.options);
  const rpc = Rpc.open(socket, "chat");
  return { network, peer: await network.accept(), socket, rpc };
}

test("a call waits for the test to answer it", async () => {
  const { peer, rpc } = await connect();
  const posted = rpc.call("post", { room: "lobby", text: "hello" });

  const call = await peer.rpc("chat").nextCall();
  call.respond(7);

  assert.equal(call.method, "post");
  assert.deepEqual(call.args, { room: "lobby", text: "hello" });
  assert.equal(await posted, 7);
});

test("methods answer calls, with values, promises and errors", async () => {
  const { peer, rpc } = await connect();
  const waiting = rpc.call("sum", { a: 1, b: 2 });
  peer.rpc("chat").serve({
    sum: ({ a, b }: { a: number; b: number }) => a + b,
    later: async () => ["a", "list"],
    nothing: () => {},
    full: () => {
      throw new GlueError("application", "the room is full", { data: { reason: "full" } });
    },
    broken: () => {
      throw new TypeError("our mistake");
    },
  });

  assert.equal(await waiting, 3);
  assert.deepEqual(await rpc.call("later", {}), ["a", "list"]);
  assert.equal(await rpc.call("nothing", {}), null);
  await assert.rejects(rpc.call("full", {}), { code: "application", data: { reason: "full" } });
  await assert.rejects(rpc.call("broken", {}), { code: "internal" });
  for (const name of ["other", "toString"])
    await assert.rejects(rpc.call(name, {}), { code: "unimplemented" });
});

test("a generator is a stream, asked for items only as the client has room", async () => {
  const { network, peer, rpc } = await connect();
  let made = 0;
  let ended = false;
  peer.rpc("chat").serve({
    async *count() {
      try {
        for (;;) yield ++made;
      } finally {
        ended = true;
      }
    },
  });

  const got: number[] = [];
  for await (const item of rpc.stream<number>("count", {})) {
    if (got.length === 0) {
      await network.clock.settle();
      assert.ok(made < 40, `${made} items for one that was taken`);
    }
    got.push(item);
    if (got.length === 100) break;
  }
  await network.clock.settle();

  assert.deepEqual(got.slice(-2), [99, 100]);
  assert.ok(ended);
});

test("a stream can end, and can fail", async () => {
  const { peer, rpc } = await connect();
  peer.rpc("chat").serve({
    *three() {
      yield* [1, 2, 3];
    },
    async *bad() {
      yield 1;
      throw new GlueError("application", "no more");
    },
  });
  const all = async (method: string): Promise<unknown[]> => {
    const items: unknown[] = [];
    for await (const item of rpc.stream(method, {})) items.push(item);
    return items;
  };

  assert.deepEqual(await all("three"), [1, 2, 3]);
  await assert.rejects(all("bad"), { code: "application" });
});

test("items can be sent by hand", async () => {
  const { peer, rpc } = await connect();
  const items = rpc.stream("watch", {})[Symbol.asyncIterator]();
  const first = items.next();

  const call = await peer.rpc("chat").nextCall();
  assert.equal(call.credit, 8);
  call.item("one");
  assert.equal(call.credit, 7);
  assert.deepEqual(await first, { value: "one", done: false });
  call.end();
  call.item("none");

  assert.equal((await items.next()).done, true);
});

test("a cancelled call is aborted here, and so are all at the end of the session", async () => {
  const { network, peer, rpc } = await connect();
  const controller = new AbortController();
  const cancelled = assert.rejects(rpc.call("one", {}, { signal: controller.signal }), { code: "cancelled" });
  const lost = assert.rejects(rpc.call("two", {}), { code: "unavailable", data: { outcome: "unknown" } });
  const one = await peer.rpc("chat").nextCall();
  const two = await peer.rpc("chat").nextCall();

  controller.abort();
  await network.clock.settle();
  assert.deepEqual([one.signal.aborted, two.signal.aborted], [true, false]);
  peer.cut();
  assert.ok(!two.signal.aborted);
  peer.forget();

  assert.ok(two.signal.aborted);
  await network.accept();
  await Promise.all([cancelled, lost]);
  one.respond(1);
});

test("notifications come as calls that want no answer, and events go back", async () => {
  const { network, peer, rpc } = await connect();
  const events: unknown[] = [];
  rpc.on("joined", (event) => events.push(event));
  rpc.notify("typing", { room: "lobby" });

  const call = await peer.rpc("chat").nextCall();
  call.respond("nobody reads it");
  peer.rpc("chat").emit("joined", { user: "ann" });
  await network.clock.settle();

  assert.ok(call.isNotification);
  assert.deepEqual(events, [{ user: "ann" }]);
  assert.equal(rpc.faults, 0);
});

test("methods take the client's items, and stop them", async () => {
  const { peer, rpc } = await connect();
  peer.rpc("chat").serve({
    sum: async (_: object, call) => {
      let sum = 0;
      for await (const item of call.items()) sum += item as number;
      return sum;
    },
    async *twice(_: object, call) {
      for await (const item of call.items()) yield (item as number) * 2;
    },
    first: async (_: object, call) => {
      for await (const item of call.items()) return item;
      return null;
    },
  });
  let returned = false;
  function* numbers(): Generator<number> {
    try {
      for (let number = 1; ; number++) yield number;
    } finally {
      returned = true;
    }
  }

  assert.equal(await callWith(rpc, "sum", {}, Array(100).fill(2)), 200);
  const got: unknown[] = [];
  for await (const item of streamWith(rpc, "twice", {}, [1, 2, 3])) got.push(item);
  assert.deepEqual(got, [2, 4, 6]);
  assert.equal(await callWith(rpc, "first", {}, numbers()), 1);
  assert.ok(returned);
});

test("items can be taken by hand", async () => {
  const { network, peer, rpc } = await connect();
  const sum = callWith(rpc, "sum", {}, [1, 2], { timeoutMs: 500 });
  const call = await peer.rpc("chat").nextCall();

  call.allow(1);
  await network.clock.settle();
  assert.deepEqual([call.received, call.isComplete, call.timeoutMs], [[1], false, 500]);
  call.allow(8);
  await network.clock.settle();
  assert.deepEqual([call.received, call.isComplete], [[1, 2], true]);
  call.respond(3);

  assert.equal(await sum, 3);
});

test("the server calls the client, and can give up", async () => {
  const { network, peer, rpc } = await connect();
  const remote = peer.rpc("chat");
  const told: unknown[] = [];
  handle(rpc, "confirm", ({ question }: { question: string }, context: HandlerContext<string>) =>
    question === "?" ? true : context.fail("declined"),
  );
  handle(rpc, "hang", () => new Promise(() => {}));
  handle(rpc, "told", (args: unknown) => told.push(args));
  await network.clock.settle();

  assert.equal(await remote.call("confirm", { question: "?" }), true);
  await assert.rejects(remote.call("confirm", { question: "!" }), { code: "application", data: "declined" });
  await assert.rejects(remote.call("other"), { code: "unimplemented" });
  const controller = new AbortController();
  const cancelled = assert.rejects(remote.call("hang", {}, { signal: controller.signal }), {
    code: "cancelled",
  });
  controller.abort();
  await cancelled;
  remote.notify("told", { x: 1 });
  await network.clock.settle();
  assert.deepEqual(told, [{ x: 1 }]);
  const lost = assert.rejects(remote.call("hang"), { code: "unavailable" });
  peer.forget();
  await lost;
});
