import assert from "node:assert/strict";
import { test } from "node:test";
import type { SocketOptions } from "../src/client/options.js";
import { settled } from "./support/fake-clock.js";
import { FakeFetch } from "./support/fake-fetch.js";
import { World as WebSocketWorld } from "./support/fake-transport.js";

const INIT = 'in{"version":"1.9.1","batch":true,"errors":true,"resume":{},"drain":true}';
const UID = "0123456789";

/** A network with both transports. */
class World extends WebSocketWorld {
  readonly network: FakeFetch;

  constructor(options: SocketOptions = {}) {
    const network = new FakeFetch();
    super({ forceSocketType: false, fetch: network.fetch, ...options });
    this.network = network;
    this.clock.advance(0);
  }

  /** The next attempt, behind its delay. */
  async next(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  /** The server answers the Ajax init. */
  async openAjax(): Promise<void> {
    await this.network.take("i").answer(`${UID}&tokenaa`);
  }

  /** Accepts the session on Ajax. */
  async acceptAjax(): Promise<void> {
    const poll = this.network.take(`o${UID}&tokenaa`);
    await this.network.take(`u${UID}&${INIT}`).answer("");
    await poll.answer('tokenbb&in{"socketID":"A","batch":true}');
    this.network.take(`o${UID}&tokenbb`);
  }
}

test("the first attempt is a WebSocket alone", async () => {
  const world = new World();
  await settled();

  assert.equal(world.socket.type(), "WebSocket");
  assert.equal(world.links.length, 1);
  assert.deepEqual(world.network.bodies, []);
});

// [T-3] C8
test("where a WebSocket can't connect to a server that is there, the socket connects by Ajax", async () => {
  const world = new World();
  world.link.fail();
  await world.next(1_000);
  assert.equal(world.links.length, 1);

  await world.openAjax();
  assert.equal(world.links.length, 2);
  world.link.fail();
  await settled();
  await world.acceptAjax();

  assert.equal(world.socket.state(), "connected");
  assert.equal(world.socket.type(), "AjaxSocket");
  assert.equal(world.socket.socketID(), "A");
  assert.deepEqual(world.events, ["connecting", "error", "reconnecting", "connected"]);
});

test("a server that was only away is found by WebSocket, and the Ajax session ended", async () => {
  const world = new World();
  world.link.fail();
  await world.next(1_000);
  await world.network.take("i").fail();
  assert.deepEqual(world.takeEvents(), ["connecting", "error", "reconnecting", "error", "reconnecting"]);
  await world.next(2_000);
  world.link.fail();
  assert.deepEqual(world.takeEvents(), ["error", "reconnecting"]);
  await world.next(3_000);

  await world.openAjax();
  world.accept();
  await settled();

  assert.equal(world.socket.type(), "WebSocket");
  assert.equal(world.socket.state(), "connected");
  const poll = world.network.take(`o${UID}&tokenaa`);
  await world.network.take(`u${UID}&cl`).answer("");
  assert.ok(poll.init.signal.aborted);
  assert.deepEqual(world.network.bodies, []);
  assert.deepEqual(world.takeEvents(), ["connected"]);
});

// [T-3]
test("a server to which no Ajax gets through is found by WebSocket", async () => {
  const world = new World();
  world.link.fail();
  await world.next(1_000);
  await world.network.take("i").fail();

  await world.next(2_000);
  world.accept();

  assert.equal(world.socket.state(), "connected");
  assert.equal(world.socket.type(), "WebSocket");
  assert.deepEqual(world.network.bodies, []);
});

test("a WebSocket that hangs is waited for a third of the connect timeout", async () => {
  const world = new World({ connectTimeout: 9_000 });
  world.clock.advance(9_000);
  assert.deepEqual(world.takeEvents(), ["connecting", "connect_timeout", "reconnecting"]);
  await world.next(1_000);
  await world.openAjax();
  const hanging = world.link;

  await world.next(2_999);
  assert.equal(hanging.closed, false);
  await world.next(1);
  assert.equal(hanging.closed, true);
  await world.acceptAjax();
  hanging.open();

  assert.equal(world.socket.type(), "AjaxSocket");
});

test("a transport that opens and swallows everything counts as one that can't connect", async () => {
  const world = new World();
  world.link.open();
  world.clock.advance(10_000);
  await world.next(1_000);

  assert.deepEqual(world.network.bodies, ["i"]);
});

test("after a loss on Ajax the WebSocket is tried again", async () => {
  const world = new World();
  world.link.fail();
  await world.next(1_000);
  await world.openAjax();
  world.link.fail();
  await settled();
  await world.acceptAjax();
  world.socket.send("lost");
  await settled();
  await world.network.take(`u${UID}&cd1&mlost`).answer("", 400);
  assert.equal(world.socket.state(), "reconnecting");
  assert.equal(world.socket.socketID(), "");

  await world.next(1_000);
  await world.openAjax();
  world.accept();
  assert.equal(world.socket.type(), "WebSocket");
  world.link.lose();
  await world.next(1_000);

  // That was a WebSocket: the next attempt is one as well.
  assert.equal(world.links.length, 4);
  assert.equal(world.network.bodies.filter((body) => body === "i").length, 0);
});

// [T-3] C8
test("a forced WebSocket is never replaced", async () => {
  const world = new World({ forceSocketType: "WebSocket" });

  for (let attempt = 1; attempt <= 5; attempt++) {
    world.link.fail();
    await world.next(5_000);
    assert.equal(world.links.length, attempt + 1);
  }

  assert.deepEqual(world.network.bodies, []);
});

test("a forced Ajax never tries a WebSocket", async () => {
  const world = new World({ forceSocketType: "AjaxSocket" });
  assert.equal(world.socket.type(), "AjaxSocket");

  for (let attempt = 0; attempt < 3; attempt++) {
    await world.network.take("i").fail();
    await world.next(5_000);
  }
  await world.openAjax();
  await world.acceptAjax();

  assert.equal(world.links.length, 0);
  assert.equal(world.socket.state(), "connected");
});

// [B-7] C4
test("what is sent while a push is under way goes in one container", async () => {
  const world = new World({ forceSocketType: "AjaxSocket" });
  await world.openAjax();
  await world.acceptAjax();
  world.socket.send("1");
  await settled();
  const push = world.network.take(`u${UID}&cd1&m1`);

  world.socket.send("2");
  await settled();
  world.socket.channel("a").send("3&");
  await settled();
  assert.deepEqual(world.network.bodies, []);
  await push.answer("");

  assert.deepEqual(world.network.bodies, [`u${UID}&ba6&cd1&m27&cd1&a3&`]);
});

test("an original server is sent one message at a time", async () => {
  const world = new World({ forceSocketType: "AjaxSocket" });
  await world.openAjax();
  const poll = world.network.take(`o${UID}&tokenaa`);
  await world.network.take(`u${UID}&${INIT}`).answer("");
  await poll.answer('tokenbb&in{"socketID":"A"}');
  world.network.take(`o${UID}&tokenbb`);

  for (const text of ["1", "2", "3"]) world.socket.send(text);
  for (const text of ["1", "2", "3"]) await world.network.take(`u${UID}&cd1&m${text}`).answer("");

  assert.deepEqual(world.network.bodies, []);
});

// [T-5]
test("what was not pushed yet when the link broke goes out in the next session, once", async () => {
  const world = new World({ forceSocketType: "AjaxSocket" });
  await world.openAjax();
  await world.acceptAjax();
  assert.equal(world.socket.send("1"), 1);
  await settled();
  const push = world.network.take(`u${UID}&cd1&m1`);
  assert.equal(world.socket.send("2"), 1);
  assert.equal(world.socket.channel("m").send("session only", undefined, true), 1);
  await push.fail();
  assert.equal(world.socket.send("3"), 0);
  assert.equal(world.socket.channel("m").send("session only", undefined, true), -1);

  await world.next(1_000);
  await world.openAjax();
  await world.acceptAjax();

  assert.deepEqual(world.network.bodies, [`u${UID}&ba6&cd1&m26&cd1&m3`]);
});

test("a socket that is closed while it looks for a transport leaves none open", async () => {
  const world = new World();
  world.link.fail();
  await world.next(1_000);
  await world.openAjax();
  const poll = world.network.take(`o${UID}&tokenaa`);

  world.socket.close();
  await settled();

  assert.ok(world.link.closed);
  await world.network.take(`u${UID}&cl`).answer("");
  assert.ok(poll.init.signal.aborted);
  assert.deepEqual(world.network.bodies, []);
  assert.equal(world.clock.pending, 0);
});

test("a device that is online again is not kept waiting", async (t) => {
  const listeners = new Set<() => void>();
  const globals = globalThis as unknown as Record<string, unknown>;
  globals["addEventListener"] = (name: string, listener: () => void) =>
    name === "online" && listeners.add(listener);
  globals["removeEventListener"] = (_name: string, listener: () => void) => listeners.delete(listener);
  t.after(() => {
    delete globals["addEventListener"];
    delete globals["removeEventListener"];
  });
  const world = new World({ forceSocketType: "WebSocket" });
  world.link.fail();
  assert.equal(listeners.size, 1);

  for (const listener of listeners) listener();
  assert.equal(world.links.length, 2);
  assert.equal(listeners.size, 0);
  await world.next(5_000);
  assert.equal(world.links.length, 2);
  world.link.fail();
  world.socket.close();

  assert.equal(listeners.size, 0);
});

// [T-3]
test("a WebSocket that always opens and swallows everything is given up for Ajax", async () => {
  const world = new World();
  world.link.open();
  await world.next(10_000);
  await world.next(1_000);
  await world.openAjax();
  world.link.open();
  await settled();
  world.network.take(`o${UID}&tokenaa`);
  await world.network.take(`u${UID}&cl`).answer("");
  await world.next(10_000);
  const sockets = world.links.length;

  await world.next(2_000);
  await world.openAjax();
  await world.acceptAjax();

  assert.equal(world.socket.type(), "AjaxSocket");
  assert.equal(world.links.length, sockets);
});
