import assert from "node:assert/strict";
import { test } from "node:test";
import { codedOptions } from "../src/codec/channel.js";
import { bigint } from "../src/codec/exact.js";
import { literal, object, oneOf } from "../src/codec/shape.js";
import type { GlueError } from "../src/errors.js";
import { callAgain, streamFrom } from "../src/rpc/again.js";
import { Rpc } from "../src/rpc/caller.js";
import { callWith } from "../src/rpc/upload.js";
import { settled } from "./support/fake-clock.js";
import { type FakeWebSocket, World } from "./support/fake-transport.js";

const HELLO = 'cd1&ahi&{"peer":"ts/0.1.0"}';

/** How a promise ended: its value, or `code outcome`. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  const result = promise.catch((error: GlueError<{ outcome?: string }>) =>
    [error.code, error.data?.outcome ?? ""].join(" ").trim(),
  );
  await settled();
  return Promise.race([result, Promise.resolve("pending")]);
}

/** A session begins; the greeting is taken. */
function next(world: World, more?: object): FakeWebSocket {
  world.clock.advance(1000);
  return world.accept(more);
}

/** What was sent over `link`, without the greeting and unpacked; the parts of `rq3;t=5&…` behind the channel. */
function sent(link: FakeWebSocket): string[] {
  const texts = link.take().filter((text) => text !== HELLO);
  return texts.map((text) => text.replace(/^cd1&a/, ""));
}

interface Stream {
  readonly got: unknown[];
  readonly done: Promise<unknown>;
}

/** Reads a stream to its end. */
function read(items: AsyncIterable<unknown>): Stream {
  const got: unknown[] = [];
  const done = (async () => {
    for await (const item of items) got.push(item);
    return "end";
  })();
  done.catch(() => {});
  return { got, done };
}

/** A tracked item, as it stands in an envelope. */
function item(cursor: number, id = 1): string {
  return `cd1&ait${id}&{"cursor":${cursor},"value":"v${cursor}"}`;
}

const values = (stream: Stream): unknown[] =>
  stream.got.map((got) => (got as { value?: string }).value ?? got);

//
test("what has not left with its session goes out in the next, in order", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect({ batch: true });
  await settled();
  assert.deepEqual(sent(link), []);
  const calls = [rpc.call("f", {}), callAgain(rpc, "g", {}), callWith(rpc, "up", {}, [1])];
  rpc.notify("n", {});
  const stream = read(rpc.stream("s", {}));

  link.lose();
  await settled();
  assert.deepEqual(sent(link), [], "joined at the end of a turn that never came");
  for (const call of calls) assert.equal(await outcome(call), "pending");
  const last = rpc.call("last", {});

  const second = next(world);
  assert.deepEqual(sent(second), [
    "rq1&f&{}",
    "rq3&g&{}",
    "rq5&up&{}",
    "nt&n&{}",
    "rq7;c=8&s&{}",
    "rq9&last&{}",
  ]);
  for (const id of [1, 3, 9]) second.receive(`cd1&aok${id}&${id}`);
  second.receive("cd1&acr5&1");
  second.receive("cd1&aok5&5");
  second.receive("cd1&aen7&");
  assert.deepEqual(await Promise.all([...calls, last]), [1, 3, 5, 9]);
  assert.equal(await outcome(stream.done), "end");
});

//
test("what has left is of unknown outcome, and what has not is not sent, where no session follows", async () => {
  const world = new World({ reconnect: false });
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect({ batch: true });
  const left = rpc.call("left", {});
  const repeated = callAgain(rpc, "repeated", {});
  await settled();
  const not = [rpc.call("not", {}), callAgain(rpc, "not", {})];

  link.lose();

  for (const call of [left, repeated]) assert.equal(await outcome(call), "unavailable unknown");
  for (const call of not) assert.equal(await outcome(call), "unavailable not_sent");
});

test("what was cancelled before it left is nothing any more", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect({ batch: true });
  await settled();
  const aborted = new AbortController();
  const calls = [
    rpc.call("f", {}, { signal: aborted.signal }),
    callAgain(rpc, "f", {}, { signal: aborted.signal }),
  ];

  aborted.abort();
  link.lose();

  for (const call of calls) assert.equal(await outcome(call), "cancelled");
  assert.deepEqual(sent(next(world)), []);
});

test("what is longer than the server takes fails, and waits for no other session", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect({ batch: true, limit: 100 });

  const call = callAgain(rpc, "f", { x: "x".repeat(100) });

  assert.equal(await outcome(call), "resource_exhausted");
  link.lose();
  assert.deepEqual(sent(next(world)), []);
});

//
test("a call that may run twice is sent again until it is answered, ahead of what waits", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const first = world.connect();
  const once = rpc.call("once", {});
  const again = callAgain<number>(rpc, "again", { x: 1 });
  assert.deepEqual(sent(first), ["rq1&once&{}", 'rq3&again&{"x":1}']);

  first.lose();
  assert.equal(await outcome(once), "unavailable unknown");
  const waiting = rpc.call("waiting", {});
  const second = next(world);
  assert.deepEqual(sent(second), ['rq1&again&{"x":1}', "rq3&waiting&{}"]);
  second.lose();
  assert.equal(await outcome(waiting), "unavailable unknown");
  const third = next(world);
  assert.deepEqual(sent(third), ['rq1&again&{"x":1}']);
  third.receive("cd1&aok1&7");

  assert.equal(await again, 7);
  third.lose();
  assert.deepEqual(sent(next(world)), [], "once only after its answer");
});

// [R-18] [S-14] [D-3]
test("what a server that goes has cut short goes out ahead of what was held back for the next", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect({ batch: true, drain: true });
  const call = callAgain(rpc, "f", {});
  const stream = read(streamFrom(rpc, "s", "after", {}));
  await settled();
  link.receive(item(1, 3));
  link.receive("dn0");
  world.clock.advance(0);
  const held = rpc.call("held", {});

  link.lose();
  world.clock.advance(0);
  const next = world.accept();

  assert.deepEqual(sent(next), ["rq1&f&{}", 'rq3;c=32&s&{"after":1}', "rq5&held&{}"]);
  for (const id of [1, 5]) next.receive(`cd1&aok${id}&${id}`);
  next.receive("cd1&aen3&");
  assert.deepEqual(await Promise.all([call, held, stream.done]), [1, 5, "end"]);
});

//
test("what the server answers is final, whatever it says", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect();
  const call = callAgain(rpc, "f", {});

  link.receive('cd1&aer1&{"code":"unavailable","message":"","data":{"outcome":"unknown"}}');

  assert.equal(await outcome(call), "unavailable unknown");
  link.lose();
  assert.deepEqual(sent(next(world)), []);
});

//
test("all attempts together have the time of the call", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const call = callAgain(rpc, "f", {}, { timeoutMs: 2500 });
  const stream = read(streamFrom(rpc, "s", "after", {}, { timeoutMs: 2500 }));
  const first = world.connect();
  await settled();
  assert.deepEqual(sent(first), ["rq1;t=2500&f&{}", "rq3;c=8;t=2500&s&{}"]);

  first.lose();
  const second = next(world);
  assert.deepEqual(sent(second), ["rq1;t=1500&f&{}", "rq3;c=8;t=1500&s&{}"]);
  second.lose();
  world.clock.advance(500);
  world.clock.advance(1000);

  assert.equal(await outcome(call), "deadline_exceeded");
  assert.equal(await outcome(stream.done), "deadline_exceeded");
  assert.deepEqual(sent(next(world)), []);
});

//
test("a call that waits to be sent again can be cancelled, and so can one that was", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const [early, late] = [new AbortController(), new AbortController()];
  const calls = [early, late].map(({ signal }) => callAgain(rpc, "f", {}, { signal }));
  const first = world.connect();
  first.lose();

  early.abort();
  const second = next(world);
  assert.deepEqual(sent(second), ["rq1&f&{}"]);
  late.abort();

  assert.deepEqual(sent(second), ["ca1&"]);
  for (const call of calls) assert.equal(await outcome(call), "cancelled");
});

//
test("a call that was sent once is of unknown outcome when the socket ends, whatever became of it since", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const call = callAgain(rpc, "f", {});
  world.connect().lose();
  next(world, { batch: true }).lose();
  assert.equal(await outcome(call), "pending", "it has not left a second time");

  world.socket.close();

  assert.equal(await outcome(call), "unavailable unknown");
});

// [S-14]
test("a stream goes on behind the last item that came, as often as it must", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const first = world.connect();
  const stream = read(streamFrom(rpc, "s", "after", { room: "r", after: 3 }));
  await settled();
  assert.deepEqual(sent(first), ['rq1;c=8&s&{"room":"r","after":3}']);
  first.lose();

  const second = next(world);
  assert.deepEqual(sent(second), ['rq1;c=8&s&{"room":"r","after":3}'], "nothing has come");
  second.receive(item(4));
  second.receive(item(5));
  second.lose();
  await settled();
  const third = next(world);
  assert.match(String(sent(third)), /^rq1;c=\d+&s&{"room":"r","after":5}$/);
  third.receive(item(6));
  third.receive("cd1&aen1&");

  assert.equal(await outcome(stream.done), "end");
  assert.deepEqual(values(stream), ["v4", "v5", "v6"]);
  third.lose();
  assert.deepEqual(sent(next(world)), [], "it has ended");
});

// [S-14]
test("items that wait for their reader are delivered once, and what is granted counts them", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const items = streamFrom<{ cursor: number }>(rpc, "s", "after", {})[Symbol.asyncIterator]();
  const first = world.connect();
  const take = async (): Promise<number> => (await items.next()).value?.cursor ?? 0;
  const taken = take();
  for (let cursor = 1; cursor <= 8; cursor++) first.receive(item(cursor));
  assert.equal(await taken, 1);
  const [, granted] = /^cr1&(\d+)$/.exec(sent(first)[1] ?? "") ?? [];
  assert.equal(granted, "25");
  first.lose();

  const second = next(world);
  assert.deepEqual(sent(second), ['rq1;c=25&s&{"after":8}'], "7 wait: 32 in all");
  for (let cursor = 9; cursor <= 33; cursor++) second.receive(item(cursor));
  for (let cursor = 2; cursor <= 33; cursor++) assert.equal(await take(), cursor);
  assert.ok(sent(second).length, "and more is granted as they are taken");
  assert.equal(rpc.faults, 0);
});

// [S-2] [S-8]
test("a reader that goes on as the next session begins grants nothing twice", async () => {
  const world = new World();
  let reader: AsyncIterator<unknown> | undefined;
  // Told ahead of the channel.
  world.socket.on("connected", () => {
    for (let count = 0; count < 32; count++) void reader?.next();
  });
  const rpc = Rpc.open(world.socket, "a");
  const first = world.connect();
  const items = streamFrom(rpc, "s", "after", {})[Symbol.asyncIterator]();
  void items.next();
  for (let cursor = 1; cursor <= 33; cursor++) first.receive(item(cursor));
  reader = items;
  first.lose();

  const asked = sent(next(world));

  const credit = asked.map((text) => Number(/(?:c=|^cr1&)(\d+)/.exec(text)?.[1] ?? 0));
  assert.equal(
    credit.reduce((sum, one) => sum + one),
    64, // it has waited for items, so the second window is twice the first
    asked.join(),
  );
});

// [S-14]
test("a stream without credit asks for its items as room is made", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const items = streamFrom<{ cursor: number }>(rpc, "s", "after", {})[Symbol.asyncIterator]();
  const first = world.connect();
  const taken = items.next();
  for (let cursor = 1; cursor <= 33; cursor++) first.receive(item(cursor));
  await taken;
  first.lose();

  const second = next(world);
  assert.deepEqual(sent(second), ['rq1&s&{"after":33}']);
  for (let cursor = 2; cursor <= 33; cursor++) await items.next();
  assert.match(sent(second).join(), /^cr1&/);
});

// [S-13] [S-14]
test("a gap comes in its place and has no cursor", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const first = world.connect();
  const stream = read(streamFrom(rpc, "s", "after", {}));
  await settled();
  sent(first);
  first.receive(item(1));
  first.lose();
  const second = next(world);
  second.receive('cd1&ait1&"gap"');
  second.lose();

  const third = next(world);
  assert.match(String(sent(third)), /&s&{"after":1}$/);
  third.receive('cd1&ait1&"gap"');
  third.receive(item(9));
  await settled();

  assert.deepEqual(values(stream), ["v1", "gap", "gap", "v9"]);
});

// [S-13]
test("an item without a cursor ends its stream", async () => {
  for (const body of ["1", "null", '"gaps"', "{}", '{"cursor":1}', '{"value":1}']) {
    const world = new World();
    const rpc = Rpc.open(world.socket, "a");
    const link = world.connect();
    const stream = read(streamFrom(rpc, "s", "after", {}));
    await settled();
    sent(link);

    link.receive(`cd1&ait1&${body}`);

    assert.equal(await outcome(stream.done), "internal", body);
    assert.deepEqual(sent(link), ["ca1&"]);
    link.lose();
    assert.deepEqual(sent(next(world)), []);
  }
});

// [S-14]
test("a stream that the server has ended, or that was left, is not opened again", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect();
  const failed = read(streamFrom(rpc, "s", "after", {}));
  const left = streamFrom(rpc, "s", "after", {})[Symbol.asyncIterator]();
  const plain = read(rpc.stream("s", {}));
  void left.next();
  await settled();

  link.receive('cd1&aer1&{"code":"application","message":""}');
  link.lose();
  await left.return?.();

  assert.equal(await outcome(failed.done), "application");
  assert.equal(await outcome(plain.done), "unavailable unknown");
  assert.deepEqual(sent(next(world)), []);
});

// [S-14]
test("a stream ends with its socket, behind the items that came", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect();
  const stream = read(streamFrom(rpc, "s", "after", {}));
  await settled();
  link.receive(item(1));
  link.lose();

  world.socket.close();

  assert.equal(await outcome(stream.done), "unavailable unknown");
  assert.deepEqual(values(stream), ["v1"]);
});

// [S-14]: below the codecs.
test("an exact cursor goes back as it came", async () => {
  const world = new World();
  const answer = oneOf(literal("gap"), object({ cursor: bigint, value: bigint }));
  const options = codedOptions(() => ({ s: { args: object({}, { after: bigint }), answer } }));
  const rpc = Rpc.open(world.socket, "a", {}, options);
  const first = world.connect();
  const stream = read(streamFrom(rpc, "s", "after", { after: 1n }));
  await settled();
  assert.deepEqual(sent(first), ['rq1;c=8&s&{"after":"1"}']);
  first.receive('cd1&ait1&{"cursor":"18446744073709551615","value":"2"}');
  first.lose();

  assert.match(String(sent(next(world))), /&s&{"after":"18446744073709551615"}$/);
  assert.deepEqual(stream.got, []);
  await settled();
  assert.deepEqual(stream.got, [{ cursor: 18446744073709551615n, value: 2n }]);
});
