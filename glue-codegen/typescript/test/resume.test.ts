// Sessions that outlive their links, PROTOCOL.md, part 21, as the client has them. The test plays the server, text by text.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SocketOptions } from "../src/client/options.js";
import { Rpc } from "../src/rpc/caller.js";
import { settled } from "./support/fake-clock.js";
import { type FakeWebSocket, World } from "./support/fake-transport.js";

const S = "6ZW6uQTwo8apxm11ta3p";
const LIMIT = 65_536;

function token(number: number): string {
  return String(number).padStart(32, "T");
}

/** The server's `in`. With `received` the session goes on. */
function offer(number: number, received?: number, more: object = {}): object {
  const resume = { token: token(number), received, windowMs: 60_000, bufferBytes: 1_000, ...more };
  return { socketID: S, batch: true, limit: LIMIT, resume };
}

/** What the client says on its next link. */
function wants(number: number, received: number): string {
  const resume = { socketID: S, token: token(number), received };
  return `in${JSON.stringify({ version: "1.9.1", batch: true, errors: true, resume, drain: true })}`;
}

interface Scene {
  readonly world: World;
  readonly link: FakeWebSocket;
  readonly got: string[];
}

/** A session that could be resumed. */
function connect(options?: SocketOptions, more?: object): Scene {
  const world = new World(options);
  const got: string[] = [];
  world.socket.onMessage((data) => got.push(data));
  const link = world.connect(offer(1, undefined, more));
  world.takeEvents();
  return { world, link, got };
}

/** The next attempt, up to what the client says. */
function comeBack(world: World, said: string): FakeWebSocket {
  world.clock.advance(1_000);
  world.link.open();
  assert.deepEqual(world.link.take(), [said]);
  return world.link;
}

function say(link: FakeWebSocket, init: object): void {
  link.receive(`in${JSON.stringify(init)}`);
}

// [U-1] [U-12] [U-13]
test("a session goes on over the next link, with what either side has not received", async () => {
  const { world, link, got } = connect();
  world.socket.send("one");
  world.socket.send("two");
  await settled();
  assert.deepEqual(link.take(), ["ba8&cd1&mone8&cd1&mtwo"]);
  link.receive("cd1&ma");
  link.receive("cd1&mb");

  link.lose(1006);
  world.socket.send("three");
  const next = comeBack(world, wants(1, 2));
  assert.deepEqual(world.takeEvents(), ["error", "reconnecting"]);
  say(next, offer(2, 1));

  assert.deepEqual(next.take(), ["ba8&cd1&mtwo10&cd1&mthree"]);
  next.receive("cd1&mc");
  assert.deepEqual(got, ["a", "b", "c"]);
  assert.deepEqual(world.takeEvents(), ["connected"]);
  assert.equal(world.socket.socketID(), S);
});

// [U-12]
test("a session without a single message resumes", async () => {
  const { world, link } = connect();

  link.lose();
  const next = comeBack(world, wants(1, 0));
  say(next, offer(2, 0));

  assert.equal(world.socket.state(), "connected");
  world.socket.send("x");
  await settled();
  assert.deepEqual(next.take(), ["cd1&mx"]);
});

// [U-13]
test("a session resumes twice without anything new, and sends again what is still not acknowledged", async () => {
  const { world, link, got } = connect();
  world.socket.send("x");
  await settled();
  link.receive("cd1&ma");

  link.lose();
  const second = comeBack(world, wants(1, 1));
  say(second, offer(2, 0));
  assert.deepEqual(second.take(), ["cd1&mx"]);
  second.lose();
  const third = comeBack(world, wants(2, 1));
  say(third, offer(3, 0));
  assert.deepEqual(third.take(), ["cd1&mx"]);
  third.receive("ak1");
  third.lose();
  const fourth = comeBack(world, wants(3, 1));
  say(fourth, offer(4, 1));

  assert.deepEqual(fourth.take(), []);
  assert.deepEqual(got, ["a"]);
});

// [U-14]
test("where the answer is lost on its way, the client shows the token that it knows", () => {
  const { world, link } = connect();
  link.lose();
  const lost = comeBack(world, wants(1, 0));

  // The server has said yes, and nobody heard.
  lost.lose(1006);
  world.clock.advance(2_000);
  world.link.open();

  assert.deepEqual(world.link.take(), [wants(1, 0)]);
  say(world.link, offer(3, 0));
  assert.equal(world.socket.state(), "connected");
});

// [U-12] [K-2]
test("a link that is given up has no effect any more: neither what it brings, nor its end, nor its deadlines", async () => {
  const { world, link, got } = connect();
  // The server doesn't notice: it is the client that misses a sign of life.
  world.clock.advance(40_000);
  assert.deepEqual(world.takeEvents(), ["timeout", "reconnecting"]);
  assert.ok(link.closed);
  link.take();

  const next = comeBack(world, wants(1, 0));
  link.receive("cd1&mlate");
  say(next, offer(2, 0));
  link.receive("cd1&mlater");
  link.lose(1006);
  // Beyond every deadline of the former link, and short of those of this one.
  world.clock.advance(34_999);

  assert.deepEqual(got, []);
  assert.equal(world.socket.state(), "connected");
  assert.deepEqual(next.take(), []);
  assert.deepEqual(world.takeEvents(), ["connected"]);
});

// [U-5] [U-13]
for (const [what, number] of [
  ["what was never sent", "3"],
  ["less than before", "0"],
  ["no number", "x"],
  ["a number in another form", "01"],
  ["nothing", ""],
] as const) {
  test(`an ack of ${what} ends the session`, async () => {
    const { world, link } = connect();
    world.socket.send("one");
    world.socket.send("two");
    await settled();
    link.receive("ak1");

    link.receive(`ak${number}`);

    assert.ok(link.closed);
    assert.equal(world.socket.socketID(), "");
    assert.deepEqual(world.takeEvents(), ["error", "reconnecting"]);
    world.clock.advance(1_000);
    world.link.open();
    assert.match(world.link.take()[0] ?? "", /"resume":\{\}/);
  });
}

// [U-13] [U-16]
for (const received of [2, 0, undefined]) {
  test(`a server that says it has received ${received} of one, which was acknowledged, ends the session`, async () => {
    const { world, link } = connect();
    world.socket.send("one");
    await settled();
    link.receive("ak1");
    link.lose();
    const next = comeBack(world, wants(1, 0));

    say(next, offer(2, received));

    assert.ok(next.closed);
    assert.equal(world.socket.socketID(), "");
    world.clock.advance(2_000);
    world.link.open();
    assert.match(world.link.take()[0] ?? "", /"resume":\{\}/);
  });
}

// [U-3]
test("what was taken in is acknowledged after a second, and an idle session says nothing", () => {
  const { world, link } = connect();
  world.clock.advance(5_000);
  link.receive("cd1&ma");
  world.clock.advance(500);
  link.receive("cd1&mb");
  // Dropped, for want of a channel and for a fault, is taken in as well.
  link.receive("cd1&xc");
  link.receive("cd9&m");
  world.clock.advance(499);
  assert.deepEqual(link.take(), []);
  world.clock.advance(1);

  assert.deepEqual(link.take(), ["ak4"]);
  world.clock.advance(5_000);
  assert.deepEqual(link.take(), []);
  link.receive("pi");
  world.clock.advance(5_000);
  assert.deepEqual(link.take(), ["po"]);
});

// [U-3]
test("a quarter of what may be kept is acknowledged at once", () => {
  const { world, link } = connect();
  const weight = (text: string): number => new TextEncoder().encode(text).length + 32;
  const text = `cd1&m${"é".repeat(25)}`;

  link.receive(text);
  link.receive(text);
  assert.ok(2 * weight(text) < 250 && 3 * weight(text) >= 250);
  assert.deepEqual(link.take(), []);
  link.receive(text);

  assert.deepEqual(link.take(), ["ak3"]);
  world.clock.advance(2_000);
  assert.deepEqual(link.take(), []);
});

// [U-7]
test("an ack goes in front of all else in a container", async () => {
  const { world, link } = connect();
  link.receive(`cd1&m${"x".repeat(250)}`);
  assert.deepEqual(link.take(), ["ak1"]);

  link.receive("ba2&pi6&cd1&mx");
  world.clock.advance(999);
  link.receive(`ba2&pi255&cd1&m${"x".repeat(250)}`);
  await settled();

  assert.deepEqual(link.take(), ["po", "ba3&ak32&po"]);
});

// [U-4]
test("what may not be kept waits, and other commands go on", async () => {
  const { world, link } = connect();
  const text = "x".repeat(395);
  // 432 each.
  for (let number = 1; number <= 4; number++) world.socket.send(text);
  await settled();
  assert.deepEqual(link.take(), [`ba400&cd1&m${text}400&cd1&m${text}`]);

  link.receive("pi");
  assert.deepEqual(link.take(), ["po"]);
  link.receive("ak1");
  assert.deepEqual(link.take(), [`cd1&m${text}`]);
  world.socket.send("x".repeat(2_000));
  link.receive("ak3");
  assert.deepEqual(link.take(), [`cd1&m${text}`]);
  link.receive("ak4");

  // One that is alone may always be kept.
  assert.deepEqual(link.take(), [`cd1&m${"x".repeat(2_000)}`]);
});

// [U-4] [U-6]
test("full buffers on both sides don't wait for each other", async () => {
  const { world, link, got } = connect();
  const text = "x".repeat(900);
  for (let number = 0; number < 3; number++) world.socket.send(`${number}${text}`);
  await settled();
  assert.equal(link.take().length, 1);

  // The server can't send either until it hears of what it has sent.
  link.receive(`cd1&m${text}`);
  assert.deepEqual(link.take(), ["ak1"]);
  link.receive("ak1");
  assert.equal(link.take().length, 1);
  link.lose();
  const next = comeBack(world, wants(1, 1));
  say(next, offer(2, 1));

  assert.deepEqual(next.take(), [`cd1&m1${text}`]);
  next.receive("ak2");
  assert.deepEqual(next.take(), [`cd1&m2${text}`]);
  assert.deepEqual(got, [text]);
});

// [U-9]
test("where resume was not agreed on, its commands are unknown", () => {
  const world = new World();
  const link = world.connect({ batch: true });

  for (const text of ["ak1", "nu1", "dn5", "cl", "cd1&mx"]) link.receive(text);
  world.clock.advance(5_000);

  assert.equal(world.socket.state(), "connected");
  assert.deepEqual(link.take(), []);
  link.lose();
  assert.equal(world.socket.socketID(), "");
});

// [U-9]
test("a session that isn't to be resumed announces nothing and ends with its link", () => {
  for (const options of [{ resume: false }, { reconnect: false }]) {
    const world = new World(options);
    world.clock.advance(0);
    world.link.open();
    assert.doesNotMatch(world.link.take()[0] ?? "", /resume/);
    say(world.link, { socketID: S, batch: true });

    world.link.lose();

    assert.equal(world.socket.socketID(), "");
  }
});

// [U-10]
test("cl ends the session at once, and the next is a fresh one", async () => {
  const { world, link } = connect();
  const calls = Rpc.open(world.socket, "chat");
  const call = assert.rejects(calls.call("sent", {}), { code: "unavailable", data: { outcome: "unknown" } });
  await settled();
  link.take();

  link.receive("cl");
  world.socket.send("later");
  await call;

  assert.ok(link.closed);
  assert.equal(world.socket.socketID(), "");
  assert.deepEqual(world.takeEvents(), ["reconnecting"]);
  world.clock.advance(1_000);
  world.link.open();
  assert.match(world.link.take()[0] ?? "", /"resume":\{\}/);
  say(world.link, { ...offer(2), socketID: "T" });
  assert.match(world.link.take()[0] ?? "", /cd1&mlater/);
});

// [U-10] [T-8]
test("after dr the client stays away, and the session is over", () => {
  const { world, link } = connect();

  link.receive("dr");
  link.lose();

  assert.equal(world.socket.socketID(), "");
  assert.deepEqual(world.takeEvents(), ["disconnected"]);
  assert.equal(world.clock.pending, 0);
});

// [U-10] [U-15]
test("a refusal for now leaves the session as it is, one for good ends it", () => {
  const { world, link } = connect();
  const refuse = (): void => say(world.link, { error: { code: "unavailable", message: "not now" } });
  link.lose();
  comeBack(world, wants(1, 0));
  refuse();
  world.link.lose();
  assert.equal(world.socket.socketID(), S);

  world.clock.advance(2_000);
  world.link.open();
  assert.deepEqual(world.link.take(), [wants(1, 0)]);
  refuse();
  world.link.receive("dr");
  world.link.lose();

  assert.equal(world.socket.socketID(), "");
  assert.equal(world.socket.state(), "disconnected");
});

// [U-11] [T-6]
test("while there is no link the socket is what it was, and what is sent waits as long as it takes", async () => {
  const { world, link } = connect({ reconnectDelay: 30_000, reconnectDelayMax: 30_000 });
  const discarded: string[] = [];
  link.lose();

  assert.equal(world.socket.state(), "reconnecting");
  assert.equal(world.socket.socketID(), S);
  assert.equal(world.socket.isClosed(), false);
  assert.equal(
    world.socket.send("waits", (data) => discarded.push(data)),
    0,
  );
  assert.equal(world.socket.channel("c").send("of this session", undefined, true), 0);
  assert.equal(world.socket.send("x".repeat(LIMIT)), -1);
  let isReady = false;
  world.socket.ready().then(() => {
    isReady = true;
  });
  world.clock.advance(29_999);
  await settled();
  assert.deepEqual([discarded, isReady], [[], false]);
  world.clock.advance(1);
  world.link.open();
  world.link.take();
  say(world.link, offer(2, 0));
  await settled();

  assert.deepEqual(world.link.take(), ["ba10&cd1&mwaits20&cd1&cof this session"]);
  assert.ok(isReady);
});

// [U-16] [R-11] [T-5] [T-6]
test("without a link for the whole window the session is given up", async () => {
  const { world, link } = connect({ reconnectDelay: 100_000, reconnectDelayMax: 100_000 });
  const discarded: string[] = [];
  const calls = Rpc.open(world.socket, "chat");
  const sent = assert.rejects(calls.call("sent", {}), { code: "unavailable", data: { outcome: "unknown" } });
  world.socket.send("numbered");
  await settled();
  link.lose();
  // It has never left, so it waits for the next session.
  const late = calls.call("late", {}).catch(() => "lost");
  world.socket.send("waits", (data) => discarded.push(data));
  world.takeEvents();

  world.clock.advance(59_999);
  assert.equal(world.socket.socketID(), S);
  world.clock.advance(1);

  assert.equal(world.socket.socketID(), "");
  assert.deepEqual(world.takeEvents(), ["reconnecting"]);
  await sent;
  assert.equal(await Promise.race([late, settled()]), undefined);
  world.clock.advance(9_999);
  assert.deepEqual(discarded, []);
  world.clock.advance(1);
  await settled();
  assert.deepEqual(discarded, ["waits"]);
  world.clock.advance(30_000);
  world.link.open();
  assert.match(world.link.take()[0] ?? "", /"resume":\{\}/);
});

//
test("a call that never left was not sent where the client gives up without a link", async () => {
  const { world, link } = connect({ reconnectAttempts: 1 });
  const calls = Rpc.open(world.socket, "chat");
  link.lose();
  const late = assert.rejects(calls.call("late", {}), { code: "unavailable", data: { outcome: "not_sent" } });

  world.clock.advance(1_000);
  world.link.lose(1006);

  await late;
  assert.equal(world.socket.state(), "disconnected");
});

// [U-16]
test("an attempt under way when the session is given up is given up as well", () => {
  const { world, link } = connect({ connectTimeout: 100_000, pingInterval: 100_000 });
  link.lose();
  const slow = comeBack(world, wants(1, 0));
  world.takeEvents();
  world.clock.advance(59_000);
  assert.equal(world.socket.socketID(), "");
  assert.deepEqual(world.takeEvents(), ["reconnecting"]);
  assert.deepEqual(slow.take(), ["cl"]);
  assert.ok(slow.closed);

  world.clock.advance(2_000);
  world.link.open();
  assert.match(world.link.take()[0] ?? "", /"resume":\{\}/);
  say(world.link, { ...offer(3), socketID: "T" });
  assert.equal(world.socket.socketID(), "T");
});

// [U-16] [R-11] [R-12] [T-5]
test("a fresh session is one: what left is not sent again, what didn't is, and calls in flight are unknown", async () => {
  const { world, link } = connect();
  const calls = Rpc.open(world.socket, "chat");
  const sent = assert.rejects(calls.call("sent", {}), { code: "unavailable", data: { outcome: "unknown" } });
  world.socket.send("left");
  await settled();
  link.take();
  link.lose();
  world.socket.send("waits");
  world.socket.channel("c").send("of the former session", undefined, true);
  const next = comeBack(world, wants(1, 0));
  say(next, { ...offer(2), socketID: "T" });
  await sent;

  const [text = ""] = next.take();
  assert.match(text, /cd1&mwaits.*cd4&chathi&/);
  assert.doesNotMatch(text, /left|former|rq/);
  assert.equal(world.socket.socketID(), "T");
  assert.deepEqual(world.takeEvents(), ["reconnecting", "connected"]);
});

// [U-11]
test("calls, streams and items go on over the next link", async () => {
  const { world, link } = connect();
  const calls = Rpc.open(world.socket, "chat");
  const call = calls.call("call", {});
  const items = calls.stream("watch", {})[Symbol.asyncIterator]();
  const first = items.next();
  await settled();
  link.take();
  link.receive("cd4&chatit3&1");
  assert.deepEqual(await first, { done: false, value: 1 });

  link.lose();
  const second = items.next();
  const next = comeBack(world, wants(1, 1));
  say(next, offer(2, 3));
  next.receive("cd4&chatit3&2");
  next.receive('cd4&chatok1&"done"');

  assert.deepEqual(await second, { done: false, value: 2 });
  assert.equal(await call, "done");
});

test("who listens for connections is told whether the session goes on", () => {
  const world = new World();
  const told: boolean[] = [];
  world.socket.on("connected", ({ isResumed }) => told.push(isResumed));
  const link = world.connect(offer(1));
  link.lose();
  say(comeBack(world, wants(1, 0)), offer(2, 0));
  world.link.lose();
  say(comeBack(world, wants(2, 0)), { ...offer(3), socketID: "T" });

  assert.deepEqual(told, [false, true, false]);
});

// [T-8]
test("a socket that is closed without a link stays closed and forgets its session", async () => {
  const { world, link } = connect();
  world.socket.send("x");
  await settled();
  link.lose();

  world.socket.close();

  assert.equal(world.socket.socketID(), "");
  assert.equal(world.clock.pending, 0);
  world.socket.reconnect();
  world.clock.advance(1_000);
  world.link.open();
  assert.match(world.link.take()[0] ?? "", /"resume":\{\}/);
});

// [U-4] [T-5]
test("what waits for room goes out ahead of the goodbye", async () => {
  const { world, link } = connect();
  const text = "x".repeat(900);
  for (let number = 0; number < 3; number++) world.socket.send(`${number}${text}`);
  await settled();
  assert.deepEqual(link.take(), [`cd1&m0${text}`]);

  world.socket.close();

  assert.deepEqual(link.take(), [`ba906&cd1&m1${text}906&cd1&m2${text}2&cl`]);
  assert.ok(link.closed);
});

// [U-10]
test("who gives up while the answer is awaited says so to the server, which may be going on with the session", () => {
  const closed = connect();
  closed.link.lose();
  const attempt = comeBack(closed.world, wants(1, 0));

  closed.world.socket.close();

  assert.deepEqual(attempt.take(), ["cl"]);
});

// [U-10] [L-2]
test("too many faults end the session, and not its link alone", () => {
  const { world, link } = connect();

  for (let count = 0; count < 257; count++) link.receive("xx");

  assert.ok(link.closed);
  assert.equal(world.socket.socketID(), "");
  world.clock.advance(1_000);
  world.link.open();
  assert.match(world.link.take()[0] ?? "", /"resume":\{\}/);
});

// [F-3] [B-3]
test("what a WebSocket brings was not cut off: what can't be read is a fault", () => {
  const { world, link } = connect();

  for (const text of ["ba", "ba9&cd1&mx", "", "b", "xx"]) link.receive(text);

  assert.equal(world.socket.state(), "connected");
});

// [U-7] [T-7]
test("the longest message fits with its number", async () => {
  const { world, link } = connect({}, { bufferBytes: 10 ** 6 });
  const longest = "x".repeat(LIMIT - 48 - 5);

  assert.equal(world.socket.send(`${longest}x`), -1);
  assert.equal(world.socket.send(longest), 1);
  await settled();

  assert.deepEqual(link.take(), [`cd1&m${longest}`]);
});
