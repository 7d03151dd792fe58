// Servers that send their clients away, PROTOCOL.md, part 22.
import assert from "node:assert/strict";
import { test } from "node:test";
import { glue } from "../src/client/client.js";
import { Rpc } from "../src/rpc/caller.js";
import { MemoryNetwork } from "../src/testing/index.js";
import { settled } from "./support/fake-clock.js";
import { type FakeWebSocket, World } from "./support/fake-transport.js";

const RESUME = { token: "t", windowMs: 60_000, bufferBytes: 10_000 };

function connect(random = 1): { readonly world: World; readonly link: FakeWebSocket } {
  const world = new World({ random: () => random });
  const link = world.connect({ batch: true, drain: true, resume: RESUME });
  world.takeEvents();
  return { world, link };
}

// [D-1]
test("drain is announced, and unknown where it was not agreed on", () => {
  const world = new World();
  world.clock.advance(0);
  world.link.open();
  assert.match(world.link.take()[0] ?? "", /"drain":true/);
  world.link.receive('in{"socketID":"S","batch":true}');

  world.link.receive("dn0");
  world.clock.advance(0);

  assert.deepEqual(world.link.take(), []);
  assert.equal(world.socket.send("x"), 1);
});

// [D-2]
for (const text of ["dn", "dnx", "dn01", "dn-1", "dn2147483648"]) {
  test(`${text} tells no time, and is a fault`, () => {
    const { world, link } = connect(0);

    link.receive(text);
    world.clock.advance(10);

    assert.deepEqual(link.take(), []);
    assert.equal(world.socket.state(), "connected");
  });
}

// [D-3]
test("the client leaves at a moment within the time, and sends nothing new behind that", async () => {
  const { world, link } = connect(0.25);
  const calls = Rpc.open(world.socket, "chat");
  const items = calls.stream("watch", {})[Symbol.asyncIterator]();
  const first = items.next();
  await settled();
  link.take();

  link.receive("dn4000");
  link.receive("dn5000");
  world.clock.advance(999);
  const early = calls.call("early", {});
  await settled();
  assert.match(link.take().join(), /^cd4&chatrq3&early/);
  world.socket.send("waited");
  world.clock.advance(1);
  assert.equal(world.socket.send("later"), 0);
  const late = calls.call("late", {});
  calls.notify("told", {});
  await settled();
  assert.deepEqual(link.take(), ["ba11&cd1&mwaited2&dn"]);

  // What belongs to exchanges under way goes on.
  link.receive("cd4&chatit1&1");
  await first;
  const second = items.next();
  link.receive('cd4&chatok3&"done"');
  assert.equal(await early, "done");
  items.return?.();
  await settled();
  assert.match(link.take().join(), /cd4&chatca1&/);
  link.receive("cl");
  link.lose();
  // At once, to a fresh session.
  world.clock.advance(0);
  world.link.open();
  assert.match(world.link.take()[0] ?? "", /"resume":\{\}/);
  world.link.receive('in{"socketID":"T","batch":true}');
  await settled();
  const [sent = ""] = world.link.take();
  assert.match(sent, /cd1&mlater.*chathi&.*rq1&late&.*nt&told&/);
  world.link.receive('cd4&chatok1&"there"');
  assert.equal(await late, "there");
  await second;
});

// [D-3]
test("another request can only bring the moment forward", async () => {
  const { world, link } = connect();
  link.receive("dn4000");
  link.receive("dn2000");
  link.receive("dn9000");

  world.clock.advance(2_000);
  await settled();
  assert.deepEqual(link.take(), ["dn"]);
  world.clock.advance(10_000);
  await settled();

  assert.deepEqual(link.take(), []);
});

// [D-3]
test("what waits for the next session goes out ahead of the goodbye, if the application says that", async () => {
  const { world, link } = connect();
  link.receive("dn0");
  world.clock.advance(0);
  world.socket.send("later");
  await settled();
  assert.deepEqual(link.take(), ["dn"]);

  world.socket.close();

  assert.deepEqual(link.take(), ["ba10&cd1&mlater2&cl"]);
});

// [D-5]
test("only the first attempt has no delay", () => {
  const { world, link } = connect();
  link.receive("dn0");
  world.clock.advance(0);
  link.receive("cl");
  link.lose();

  world.clock.advance(0);
  assert.equal(world.links.length, 2);
  world.link.fail();
  world.clock.advance(999);
  assert.equal(world.links.length, 2);
  world.clock.advance(1);

  assert.equal(world.links.length, 3);
});

// [D-3]
test("a link that is lost before the moment takes the request with it, one behind it the session", () => {
  const { world, link } = connect();
  link.receive("dn5000");
  link.lose();
  world.clock.advance(1_000);
  world.accept({ batch: true, drain: true, resume: { ...RESUME, received: 0 }, socketID: "S1" });
  world.clock.advance(10_000);
  assert.deepEqual(world.link.take(), []);
  assert.equal(world.socket.socketID(), "S1");

  world.link.receive("dn0");
  world.clock.advance(0);
  world.link.lose();

  assert.equal(world.socket.socketID(), "");
  world.clock.advance(0);
  world.link.open();
  assert.match(world.link.take()[0] ?? "", /"resume":\{\}/);
});

// [D-3] [D-4] [D-5]
for (const forceSocketType of ["WebSocket", "AjaxSocket"] as const) {
  test(`${forceSocketType}: calls end where they began, and the next go elsewhere`, async () => {
    const network = new MemoryNetwork();
    const socket = glue("http://server", { ...network.options, forceSocketType });
    const calls = Rpc.open(socket, "chat");
    const former = await network.accept();
    const call = calls.call("slow", {});
    const slow = await former.rpc("chat").nextCall();

    former.drain(1_000);
    await network.clock.advance(1_000);
    const next = calls.call("next", {});
    await network.clock.advance(5_000);
    assert.ok(former.isOpen);
    slow.respond("done");
    assert.equal(await call, "done");
    const peer = await network.accept(100);

    assert.equal(former.ended, "server");
    assert.notEqual(peer, former);
    (await peer.rpc("chat").nextCall()).respond("there");
    assert.equal(await next, "there");
    socket.close();
    await network.clock.settle();
    assert.equal(peer.ended, "client");
  });
}
