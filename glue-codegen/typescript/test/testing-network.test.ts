import assert from "node:assert/strict";
import { test } from "node:test";
import { glue, type Socket } from "../src/client/client.js";
import type { SocketOptions } from "../src/client/options.js";
import { type Link, MemoryNetwork, type NetworkOptions } from "../src/testing/index.js";

/** A socket on a network, with the names of its events. */
function connect(
  options: NetworkOptions = {},
  more: SocketOptions = {},
): { network: MemoryNetwork; socket: Socket; events: string[] } {
  const network = new MemoryNetwork(options);
  const socket = glue("http://server", { ...network.options, forceSocketType: "WebSocket", ...more });
  const events: string[] = [];
  for (const event of [
    "connecting",
    "connected",
    "reconnecting",
    "disconnected",
    "error",
    "timeout",
  ] as const)
    socket.on(event, () => events.push(event));
  return { network, socket, events };
}

test("a socket connects to the test, and both move data on channels", async () => {
  const { network, socket } = connect();
  const got: string[] = [];
  socket.onMessage((data) => got.push(data));
  socket.channel("chat").onMessage((data) => got.push(`chat:${data}`));

  const peer = await network.accept();
  socket.send("hello");
  socket.channel("chat").send("hi");
  peer.send("welcome");
  peer.channel("chat").send("é😀");

  assert.equal(await peer.receive(), "hello");
  assert.equal(await peer.channel("chat").receive(), "hi");
  await network.clock.settle();
  assert.deepEqual(got, ["welcome", "chat:é😀"]);
  assert.equal(socket.socketID(), peer.socketId);
  assert.equal(peer.type, "WebSocket");
  assert.equal(peer.url, "ws://server/glue/ws");
  assert.equal(network.clock.now(), 0);
});

test("what came before anybody asked for its channel waits to be read, or to be listened to", async () => {
  const { network, socket } = connect();
  const peer = await network.accept();
  for (const data of ["one", "two", "three"]) socket.channel("chat").send(data);
  await network.clock.settle();
  const got: string[] = [];

  assert.equal(await peer.channel("chat").receive(), "one");
  peer.channel("chat").onMessage((data) => got.push(data));
  socket.channel("chat").send("four");
  await network.clock.settle();

  assert.deepEqual(got, ["two", "three", "four"]);
});

test("data that doesn't come is an error that names the channel", async () => {
  const { network } = connect();
  const peer = await network.accept();

  await assert.rejects(peer.channel("chat").receive(100), /data on channel chat didn't come within 100 ms/);
});

test("a session without traffic is kept alive, by the server or else by the client", async () => {
  for (const [pingInterval, message] of [
    [35_000, "po"],
    [25_000, "pi"],
  ] as const) {
    const { network, socket, events } = connect({}, { pingInterval });
    const peer = await network.accept();

    await network.clock.advance(120_000);

    assert.deepEqual(events, ["connecting", "connected"]);
    assert.equal(peer.messages.filter((said) => said === message).length, 4);
    assert.equal(socket.state(), "connected");
  }
});

test("a client that shows no sign of life, or no init, is given up", async () => {
  const { network } = connect();
  const peer = await network.accept();
  const silent = openRaw(network);
  peer.lose("toServer");
  const chatter = network.clock.after(20_000, () => peer.send("this is no sign of life of the client"));

  await network.clock.advance(9_999);
  assert.deepEqual(silent.log, ["open"]);
  await network.clock.advance(1);
  assert.deepEqual(silent.log, ["open", "1005 true"]);
  await network.clock.advance(26_999);
  assert.ok(peer.isConnected);
  await network.clock.advance(1);

  assert.ok(!peer.isConnected);
  assert.ok(peer.isOpen);
  chatter();
});

test("every session is told, and those that are open are listed", async () => {
  const { network, socket } = connect();
  const told: string[] = [];
  const off = network.onSocket((peer) => told.push(peer.socketId));

  const first = await network.accept();
  first.close();
  const second = await network.accept();

  assert.deepEqual(told, [first.socketId, second.socketId]);
  assert.deepEqual(network.peers, [second]);
  assert.equal(first.ended, "server");
  off();
  socket.close();
  await network.clock.settle();
  assert.equal(second.ended, "client");
  assert.deepEqual(network.peers, []);
  assert.equal(told.length, 2);
});

test("a client that is dismissed doesn't come back", async () => {
  const { network, socket, events } = connect();
  const peer = await network.accept();

  peer.send("bye");
  peer.dismiss();
  await network.clock.advance(60_000);

  assert.deepEqual(events, ["connecting", "connected", "disconnected"]);
  assert.ok(socket.isClosed());
});

test("the server decides on who connects", async () => {
  const asked: unknown[] = [];
  const { network, events } = connect({
    authorize: (request) => {
      asked.push(request);
      return asked.length > 1 ? undefined : { code: "unauthenticated", message: "who?" };
    },
  });

  await network.accept();

  assert.deepEqual(asked[0], { type: "WebSocket", url: "ws://server/glue/ws", auth: undefined });
  assert.equal(events[0], "connecting");
  assert.deepEqual(events.slice(-2), ["reconnecting", "connected"]);
});

for (const forceSocketType of ["WebSocket", "AjaxSocket"] as const) {
  test(`a client shows who it is, and is told why it is refused: ${forceSocketType}`, async () => {
    const authorize: NetworkOptions["authorize"] = ({ auth, type }) =>
      auth === "secret" && type === forceSocketType
        ? undefined
        : { code: "unauthenticated", message: "who?", data: { auth }, isFinal: auth === "never" };
    const tokens = ["wrong", "secret"];
    const { network, socket, events } = connect(
      { authorize },
      { forceSocketType, auth: () => tokens.shift() },
    );
    const errors: unknown[] = [];
    socket.on("error", ({ code, data }) => errors.push([code, data]));

    const peer = await network.accept();

    assert.equal(peer.auth, "secret");
    assert.deepEqual(events, ["connecting", "error", "reconnecting", "connected"]);
    assert.deepEqual(errors, [["unauthenticated", { auth: "wrong" }]]);

    const other = connect({ authorize }, { forceSocketType, auth: "never" });
    await other.network.clock.advance(60_000);
    assert.deepEqual(other.events, ["connecting", "error", "disconnected"]);
  });

  test(`the server's limit is told, and what is over it is handed back: ${forceSocketType}`, async () => {
    const { network, socket } = connect({ limit: 100 }, { forceSocketType });
    const peer = await network.accept();
    const back: string[] = [];
    const long = "é".repeat(50);

    assert.equal(
      socket.send(long, (data) => back.push(data)),
      -1,
    );
    socket.send("short");

    assert.equal(await peer.receive(), "short");
    assert.deepEqual(back, [long]);
  });

  test(`a message over the limit ends the session: ${forceSocketType}`, async () => {
    const { network, socket } = connect({ limit: 100, original: true }, { forceSocketType });
    const peer = await network.accept();

    socket.send("x".repeat(101));
    await network.clock.settle();

    assert.equal(peer.ended, "server");
    assert.equal(socket.state(), "reconnecting");
    assert.deepEqual(peer.channel("m").take(), []);
  });
}

test("the decision may take its time", async () => {
  let decide: (refusal: undefined) => void = () => {};
  const { network, socket } = connect({
    authorize: () =>
      new Promise((resolve) => {
        decide = resolve;
      }),
  });
  await network.clock.advance(100);
  assert.equal(socket.state(), "connecting");

  decide(undefined);
  await network.accept();

  assert.equal(socket.state(), "connected");
});

/** What a raw WebSocket is told, with a client's `in` sent at once. */
async function refused(options: NetworkOptions, init: object): Promise<string[]> {
  const network = new MemoryNetwork(options);
  const told: string[] = [];
  const socket = new network.options.WebSocket("ws://server/glue/ws");
  socket.onopen = () => socket.send(`in${JSON.stringify({ version: "1.9.1", ...init })}`);
  socket.onmessage = ({ data }: { data: string }) => told.push(data);
  socket.onclose = ({ code }: { code: number }) => told.push(String(code));
  await network.clock.settle();
  return told;
}

test("a refusal is told to those who announced that they read it", async () => {
  const authorize = (): { code: "unauthenticated"; message: string; data: number; isFinal: boolean } => ({
    code: "unauthenticated",
    message: "who?",
    data: 7,
    isFinal: true,
  });
  const error = { code: "unauthenticated", message: "who?", data: 7 };

  assert.deepEqual(await refused({ authorize }, { errors: true }), [
    `in${JSON.stringify({ error })}`,
    "dr",
    "1005",
  ]);
  assert.deepEqual(await refused({ authorize }, {}), ["dr", "1005"]);
  assert.deepEqual(await refused({ authorize, original: true }, { errors: true }), ["dr", "1005"]);
});

test("containers are agreed on with those who announce them, unless the server is an original", async () => {
  assert.match((await refused({}, { batch: true })).join(), /"batch":true,"limit":1048576/);
  assert.doesNotMatch((await refused({}, {})).join(), /batch/);
  assert.doesNotMatch((await refused({ original: true }, { batch: true })).join(), /batch/);
});

test("nonsense is answered as a server does", async () => {
  const network = new MemoryNetwork();
  const told: string[] = [];
  const socket = new network.options.WebSocket("ws://server/glue/ws");
  socket.onmessage = ({ data }: { data: string }) => told.push(data);
  socket.onopen = () => {
    for (const text of ["xx", "pi", 'in{"version":"1.9.1","batch":true}', "in{}", "ba", "ba2&pi2&xx"])
      socket.send(text);
  };
  await network.clock.settle();

  const [invalid, pong, init, ...rest] = told;
  assert.match(String(init), /^in\{/);
  assert.deepEqual([invalid, pong, ...rest], ["iv", "po", "iv", "iv", "po", "iv"]);
});

test("a script may play a server that keeps to nothing", async () => {
  const { network, socket, events } = connect();
  const links: Link[] = [];
  network.onLink((link) => {
    links.push(link);
    link.onMessage = (message) => link.send(`<html>${message}`);
    if (links.length === 2) {
      link.onMessage = () => link.send('in{"socketID":"S"}');
    } else {
      link.send(new TextEncoder().encode("no protocol").buffer as ArrayBuffer);
      link.onEnd = (end) => assert.equal(end, "client");
    }
  });

  await network.clock.until(() => socket.state() === "connected");

  assert.equal(links.length, 2);
  assert.equal(socket.socketID(), "S");
  assert.equal(events.at(-1), "connected");
});

/** A WebSocket and what happens to it. */
function openRaw(network: MemoryNetwork, url = "ws://server/glue/ws") {
  const log: string[] = [];
  const socket = new network.options.WebSocket(url);
  socket.onopen = () => log.push("open");
  socket.onmessage = ({ data }: { data: string }) => log.push(data);
  socket.onerror = () => log.push("error");
  socket.onclose = ({ code, wasClean }: { code: number; wasClean: boolean }) =>
    log.push(`${code} ${wasClean}`);
  return { socket, log };
}

test("a websocket can't be used before it is open, and not behind its end", async () => {
  const network = new MemoryNetwork();
  network.onLink((link) => {
    link.send("first");
    link.onMessage = (message) => link.send(message);
  });
  const { socket, log } = openRaw(network);

  assert.throws(() => socket.send("early"), { name: "InvalidStateError" });
  await network.clock.settle();
  socket.send("lone \ud800");
  await network.clock.settle();
  socket.close();
  socket.send("late");
  await network.clock.settle();

  assert.deepEqual(log, ["open", "first", "lone \ufffd", "1005 true"]);
});

test("a websocket that is closed while it connects, or that goes elsewhere, fails", async () => {
  const network = new MemoryNetwork();
  network.onLink(() => assert.fail("it arrived"));
  const closed = openRaw(network);
  const elsewhere = openRaw(network, "ws://server/glue/wss");

  closed.socket.close();
  await network.clock.settle();

  assert.deepEqual(closed.log, ["error", "1006 false"]);
  assert.deepEqual(elsewhere.log, ["error", "1006 false"]);
});

test("close codes reach the other end", async () => {
  const network = new MemoryNetwork();
  network.onLink((link) => link.close(1009));
  const { log } = openRaw(network);

  await network.clock.settle();

  assert.deepEqual(log, ["open", "1009 true"]);
});
