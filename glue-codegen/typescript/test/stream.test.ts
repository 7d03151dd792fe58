import assert from "node:assert/strict";
import { test } from "node:test";
import { Rpc } from "../src/rpc/caller.js";
import { settled } from "./support/fake-clock.js";
import { type FakeWebSocket, World } from "./support/fake-transport.js";

interface Setup {
  readonly world: World;
  readonly link: FakeWebSocket;
  readonly rpc: Rpc;
}

/** A connected socket with the greeting behind it. */
function setUp(): Setup {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a");
  link.take();
  return { world, link, rpc };
}

function items(link: FakeWebSocket, from: number, to: number): void {
  for (let item = from; item < to; item++) link.receive(`cd1&ait1&${item}`);
}

test("a stream delivers its items and ends", async () => {
  const { link, rpc } = setUp();
  const got: number[] = [];
  const loop = (async () => {
    for await (const item of rpc.stream<number>("count", { to: 3 })) got.push(item);
  })();
  await settled();
  assert.deepEqual(link.take(), ['cd1&arq1;c=8&count&{"to":3}']);

  items(link, 0, 3);
  link.receive("cd1&aen1&");
  await loop;

  assert.deepEqual(got, [0, 1, 2]);
});

test("nothing is sent before the iteration starts, and each iteration is an exchange", async () => {
  const { link, rpc } = setUp();
  const stream = rpc.stream("f", {});
  const first = stream[Symbol.asyncIterator]();
  const second = stream[Symbol.asyncIterator]();
  assert.deepEqual(link.take(), []);

  void first.next();
  void second.next();

  assert.deepEqual(link.take(), ["cd1&arq1;c=8&f&{}", "cd1&arq3;c=8&f&{}"]);
});

// [S-6]
test("leaving the loop cancels the stream", async () => {
  for (const leave of ["break", "throw"]) {
    const { link, rpc } = setUp();
    const loop = (async () => {
      for await (const _ of rpc.stream("f", {})) {
        if (leave === "break") break;
        throw new Error("left");
      }
    })().catch(() => {});
    await settled();
    items(link, 0, 3);
    await loop;

    assert.equal(link.take().at(-1), "cd1&aca1&");
    items(link, 3, 6);
    assert.equal(rpc.faults, 0);
  }
});

test("a return while a next waits ends both", async () => {
  const { link, rpc } = setUp();
  const reader = rpc.stream("f", {})[Symbol.asyncIterator]();
  const waiting = [reader.next(), reader.next()];

  await reader.return?.();

  assert.deepEqual(await Promise.all(waiting), Array(2).fill({ done: true, value: undefined }));
  assert.deepEqual(link.take(), ["cd1&arq1;c=8&f&{}", "cd1&aca1&"]);
});

test("a return before the start sends nothing", async () => {
  const { link, rpc } = setUp();
  const reader = rpc.stream("f", {})[Symbol.asyncIterator]();

  await reader.return?.();

  assert.deepEqual(await reader.next(), { done: true, value: undefined });
  assert.deepEqual(link.take(), []);
});

test("items for several waiting nexts come in order", async () => {
  const { link, rpc } = setUp();
  const reader = rpc.stream("f", {})[Symbol.asyncIterator]();
  const waiting = [reader.next(), reader.next(), reader.next()];

  items(link, 0, 2);
  link.receive("cd1&aen1&");

  assert.deepEqual(
    (await Promise.all(waiting)).map(({ value }) => value),
    [0, 1, undefined],
  );
});

// [S-7]
test("a reader that keeps up is granted whole windows, each twice the one before", async () => {
  const { link, rpc } = setUp();
  const reader = rpc.stream("f", {})[Symbol.asyncIterator]();
  void reader.next();
  link.take();

  items(link, 0, 1);
  assert.deepEqual(link.take(), ["cd1&acr1&25"]);
  for (let item = 1; item < 33; item++) {
    void reader.next();
    items(link, item, item + 1);
  }

  assert.deepEqual(link.take(), ["cd1&acr1&48"]);
});

// [S-7]
test("a reader that stalls is granted nothing", async () => {
  const { link, rpc } = setUp();
  const reader = rpc.stream("f", {})[Symbol.asyncIterator]();
  void reader.next();
  items(link, 0, 1);
  link.take();

  items(link, 1, 33);
  assert.deepEqual(link.take(), []);
  for (let item = 0; item < 16; item++) await reader.next();

  assert.deepEqual(link.take(), ["cd1&acr1&16"]);
});

// [S-8]
test("more items than granted end the stream behind those that were", async () => {
  const { link, rpc } = setUp();
  const reader = rpc.stream<number>("f", {})[Symbol.asyncIterator]();
  void reader.next();
  items(link, 0, 1);
  link.take();

  items(link, 1, 34);

  assert.deepEqual(link.take(), ["cd1&aca1&"]);
  for (let item = 1; item < 33; item++) assert.equal((await reader.next()).value, item);
  await assert.rejects(reader.next(), { code: "internal" });
  assert.deepEqual(await reader.next(), { done: true, value: undefined });
});

// [Q-5]
test("a malformed item ends the stream", async () => {
  for (const answer of ["it1&{", "ok1&1"]) {
    const { link, rpc } = setUp();
    const reader = rpc.stream("f", {})[Symbol.asyncIterator]();
    const next = reader.next();
    link.take();

    link.receive(`cd1&a${answer}`);

    await assert.rejects(next, { code: "internal" });
    assert.deepEqual(link.take(), ["cd1&aca1&"]);
  }
});

test("a server's error comes after the items before it", async () => {
  const { link, rpc } = setUp();
  const reader = rpc.stream("f", {})[Symbol.asyncIterator]();
  const first = reader.next();

  items(link, 0, 2);
  link.receive('cd1&aer1&{"code":"application","message":"no","data":7}');

  assert.equal((await first).value, 0);
  assert.equal((await reader.next()).value, 1);
  await assert.rejects(reader.next(), { code: "application", data: 7 });
});

test("no credit is sent for a stream that has ended", async () => {
  const { link, rpc } = setUp();
  const reader = rpc.stream("f", {})[Symbol.asyncIterator]();
  void reader.next();
  items(link, 0, 33);
  link.receive("cd1&aen1&");
  link.take();

  for (let item = 1; item < 33; item++) await reader.next();

  assert.deepEqual(await reader.next(), { done: true, value: undefined });
  assert.deepEqual(link.take(), []);
});

// [R-13] [S-6]
test("an abort drops what waits and tells the server", async () => {
  const { link, rpc } = setUp();
  const controller = new AbortController();
  const reader = rpc.stream("f", {}, { signal: controller.signal })[Symbol.asyncIterator]();
  const first = reader.next();
  items(link, 0, 3);
  link.take();

  controller.abort("reason");

  assert.equal((await first).value, 0);
  await assert.rejects(reader.next(), { code: "cancelled", cause: "reason" });
  assert.deepEqual(link.take(), ["cd1&aca1&"]);
});

test("an abort before the start sends nothing", async () => {
  const { link, rpc } = setUp();
  const reader = rpc.stream("f", {}, { signal: AbortSignal.abort() })[Symbol.asyncIterator]();

  await assert.rejects(reader.next(), { code: "cancelled" });

  assert.deepEqual(link.take(), []);
});

test("a lost session ends the stream behind the items that came", async () => {
  const { world, link, rpc } = setUp();
  const reader = rpc.stream("f", {})[Symbol.asyncIterator]();
  const first = reader.next();
  items(link, 0, 2);

  link.lose();
  await first;

  assert.equal((await reader.next()).value, 1);
  await assert.rejects(reader.next(), { code: "unavailable", data: { outcome: "unknown" } });
  world.clock.advance(1000);
  world.accept();
  await reader.return?.();
  assert.deepEqual(world.link.take(), ['cd1&ahi&{"peer":"ts/0.1.0"}']);
});

test("a stream that starts without a connection waits for it", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const reader = rpc.stream("f", {})[Symbol.asyncIterator]();
  const left = rpc.stream("g", {})[Symbol.asyncIterator]();
  const next = reader.next();
  void left.next();
  await left.return?.();

  world.connect();
  assert.deepEqual(world.link.take(), ['cd1&ahi&{"peer":"ts/0.1.0"}', "cd1&arq1;c=8&f&{}"]);
  items(world.link, 0, 1);

  assert.equal((await next).value, 0);
});

test("credit and cancels overtake what waits, but not the request they are of", async () => {
  const world = new World();
  const link = world.connect({ batch: true });
  const rpc = Rpc.open(world.socket, "a");
  const read = rpc.stream("f", {})[Symbol.asyncIterator]();
  const unheard = rpc.stream("g", {})[Symbol.asyncIterator]();
  void read.next();
  void unheard.next();
  await settled();
  link.take();

  rpc.notify("n", {});
  // What is received is followed by what waits.
  items(link, 0, 1);
  rpc.notify("m", {});
  void read.return?.();
  const late = rpc.stream("h", {})[Symbol.asyncIterator]();
  void late.next();
  void late.return?.();
  void unheard.return?.();
  await settled();

  const batch = (...texts: string[]): string =>
    `ba${texts.map((text) => `${text.length + 5}&cd1&a${text}`).join("")}`;
  assert.deepEqual(link.take(), [
    batch("cr1&25", "nt&n&{}"),
    batch("ca1&", "nt&m&{}", "rq5;c=8&h&{}", "ca5&", "ca3&"),
  ]);
});
