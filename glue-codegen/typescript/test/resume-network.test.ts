// Sessions that outlive their links, between the client and the server in memory, over both transports.
import assert from "node:assert/strict";
import { test } from "node:test";
import { glue, type Socket } from "../src/client/client.js";
import type { SocketOptions } from "../src/client/options.js";
import { Rpc } from "../src/rpc/caller.js";
import {
  type HttpRequest,
  loseAnswer,
  MemoryNetwork,
  type NetworkOptions,
  type Peer,
  repeatRequest,
  truncate,
} from "../src/testing/index.js";

interface Scene {
  readonly network: MemoryNetwork;
  readonly socket: Socket;
  readonly peer: Peer;
  readonly got: string[];
  /** The bodies of the requests that reached the Ajax endpoint. */
  readonly asked: string[];
}

async function connect(options: SocketOptions = {}, settings: NetworkOptions = {}): Promise<Scene> {
  const network = new MemoryNetwork(settings);
  const asked: string[] = [];
  network.faults.intercept((request: HttpRequest, next) => {
    asked.push(request.body);
    return next();
  });
  const socket = glue("http://server", { ...network.options, ...options });
  const got: string[] = [];
  socket.onMessage((data) => got.push(data));
  return { network, socket, got, asked, peer: await network.accept() };
}

const AJAX = { forceSocketType: "AjaxSocket" } as const;

// [U-8]
test("over Ajax each push with channel data tells its number, and others don't", async () => {
  const { network, socket, peer, asked } = await connect(AJAX);
  const pushes = (): string[] =>
    asked
      .splice(0)
      .filter((body) => body.startsWith("u"))
      .map((body) => body.slice(12));
  assert.doesNotMatch(pushes().join(), /nu/);

  socket.send("a");
  await network.clock.settle();
  assert.deepEqual(pushes(), ["ba3&nu16&cd1&ma"]);
  socket.send("b");
  socket.send("c");
  await network.clock.settle();
  assert.deepEqual(pushes(), ["ba3&nu26&cd1&mb6&cd1&mc"]);
  peer.sendRaw("pi");
  await network.clock.settle();
  assert.deepEqual(pushes(), ["po"]);
  peer.cut();
  socket.send("d");
  await network.clock.advance(1_000);

  assert.match(pushes().join(), /"received":0.*,ba3&nu46&cd1&md/);
  assert.deepEqual(peer.channel("m").take(), ["a", "b", "c", "d"]);
});

// [U-10]
test("over Ajax a loss is not taken for the end: nothing says goodbye", async () => {
  const { network, socket, peer, asked } = await connect(AJAX);
  peer.lose("toClient");
  asked.length = 0;

  await network.clock.until(() => socket.state() === "reconnecting");
  await network.clock.settle();
  assert.ok(!asked.some((body) => /&cl$|&cl\b/.test(body)), asked.join());
  await network.clock.until(() => socket.state() === "connected");

  assert.deepEqual(network.peers, [peer]);
  assert.ok(peer.isConnected);
});

// [U-8]
test("pushes that come twice, and answers that are lost, change nothing", async () => {
  const { network, socket, peer, got } = await connect(AJAX);
  network.faults.intercept(repeatRequest(), { kinds: ["push"], times: 3 });
  for (const text of ["a", "b", "c"]) {
    socket.send(text);
    await network.clock.settle();
  }
  network.faults.intercept(loseAnswer(), { kinds: ["push"], times: 1 });
  socket.send("d");
  peer.send("x");
  await network.clock.settle();
  socket.send("e");
  peer.send("y");
  await network.clock.until(() => socket.state() === "connected");
  await network.clock.settle();

  assert.deepEqual(peer.channel("m").take(), ["a", "b", "c", "d", "e"]);
  assert.deepEqual(got, ["x", "y"]);
});

// [U-8]
test("what was cut off on its way over Ajax costs the link, and comes whole over the next", async () => {
  for (const length of [8, 9]) {
    const { network, socket, peer, got } = await connect(AJAX);
    network.faults.intercept(truncate(length), { kinds: ["poll"], times: 1 });
    peer.send("a");
    peer.send("b");
    await network.clock.settle();
    peer.send("c");
    await network.clock.until(() => socket.state() === "connected" && got.length === 3);

    assert.deepEqual(got, ["a", "b", "c"]);
    assert.deepEqual(network.peers, [peer]);
  }
});

// [U-10] [T-3]
test("a session goes on from a WebSocket over Ajax, and back", async () => {
  const { network, socket, peer, got } = await connect();
  assert.equal(socket.type(), "WebSocket");
  const calls = Rpc.open(socket, "chat");
  const call = calls.call("slow", {});
  const slow = await peer.rpc("chat").nextCall();

  network.faults.refuse("WebSocket");
  network.faults.cut();
  socket.send("a");
  peer.send("x");
  await network.clock.until(() => socket.state() === "connected");
  assert.equal(socket.type(), "AjaxSocket");
  assert.equal(peer.type, "AjaxSocket");
  network.faults.admit();
  network.faults.cut();
  socket.send("b");
  peer.send("y");
  await network.clock.until(() => socket.state() === "connected");
  assert.equal(socket.type(), "WebSocket");
  slow.respond("done");

  assert.equal(await call, "done");
  assert.deepEqual(peer.channel("m").take(), ["a", "b"]);
  assert.deepEqual(got, ["x", "y"]);
  assert.deepEqual(network.peers, [peer]);
});

// [U-12]
test("a client may come back before its server has noticed that it was gone", async () => {
  for (const forceSocketType of ["WebSocket", "AjaxSocket"] as const) {
    const { network, socket, peer, got } = await connect({ forceSocketType, pingInterval: 3_000 });
    peer.lose();
    peer.send("lost on its way");
    await network.clock.until(() => socket.state() === "reconnecting");
    assert.ok(peer.isConnected, "the server knows of nothing");

    socket.send("a");
    await network.clock.until(() => socket.state() === "connected");
    // Beyond every deadline of the former connection.
    await network.clock.advance(60_000);

    assert.ok(peer.isConnected);
    assert.deepEqual(peer.channel("m").take(), ["a"]);
    assert.deepEqual(got, ["lost on its way"]);
  }
});

// [U-14]
test("a token that somebody else shows, or that is worn out, gets a fresh session and harms none", async () => {
  const { network, socket, peer } = await connect();
  const secrets = async (init: object): Promise<string[]> => {
    const raw = new network.options.WebSocket("ws://server/glue/ws");
    const said: string[] = [];
    raw.onmessage = ({ data }: { readonly data: string }) => said.push(data);
    raw.onopen = () => raw.send(`in${JSON.stringify(init)}`);
    await network.clock.settle();
    return said;
  };
  const wish = (token: string) => ({
    version: "1.9.1",
    batch: true,
    resume: { socketID: peer.socketId, token, received: 0 },
  });
  peer.cut();
  await network.clock.until(() => socket.state() === "connected");
  const [answer = ""] = await secrets(wish("0".repeat(32)));

  assert.doesNotMatch(answer, new RegExp(peer.socketId));
  assert.ok(peer.isConnected);
  assert.equal(socket.send("x"), 1);
  await network.clock.settle();
  assert.deepEqual(peer.channel("m").take(), ["x"]);
});

// [U-11] [U-16]
test("a client that stays away for the whole window finds a fresh session, and the server has told its application", async () => {
  const { network, socket, peer } = await connect({ reconnectAttempts: 0 }, { windowMs: 5_000 });
  network.faults.refuse();
  network.faults.cut();

  await network.clock.advance(4_999);
  assert.equal(peer.ended, undefined);
  assert.equal(socket.socketID(), peer.socketId);
  await network.clock.advance(1);
  assert.equal(peer.ended, "lost");
  assert.equal(socket.socketID(), "");
  network.faults.admit();

  assert.notEqual(await network.accept(), peer);
});

// [U-15]
test("an application may refuse those that come back", async () => {
  let isBanned = false;
  const authorize = () =>
    isBanned ? { code: "permission_denied" as const, message: "banned", isFinal: true } : undefined;
  const { network, socket, peer } = await connect({}, { authorize });

  isBanned = true;
  peer.cut();
  await network.clock.advance(1_000);

  assert.equal(socket.state(), "disconnected");
  assert.equal(peer.ended, "server");
});

// [U-16]
test("a server that was started anew knows nobody, and what it had taken is not sent again", async () => {
  const { network, socket, peer } = await connect();
  socket.send("taken");
  await network.clock.settle();

  network.restart();
  socket.send("waits");
  const next = await network.accept();
  await network.clock.settle();

  assert.deepEqual(peer.channel("m").take(), ["taken"]);
  assert.deepEqual(next.channel("m").take(), ["waits"]);
});

// [U-10] [T-9]
test("a page that says goodbye over Ajax ends its session", async () => {
  const { network, socket, peer } = await connect(AJAX);
  socket.send("last");

  socket.close();
  await network.clock.settle();

  assert.equal(peer.ended, "client");
  assert.deepEqual(peer.channel("m").take(), ["last"]);
});

// [U-10]
test("a server that ends a session over Ajax doesn't wait for a client that has gone: the poll behind cl is answered", async () => {
  const { network, socket, peer } = await connect(AJAX);
  const answers: string[] = [];
  network.faults.intercept(
    async (_, next) => {
      const answer = await next();
      answers.push(answer.body);
      return answer;
    },
    { kinds: ["poll"] },
  );
  network.faults.latencyMs = 10;

  peer.close();
  await network.clock.advance(100);

  assert.equal(socket.state(), "reconnecting");
  assert.deepEqual(answers, ["c"]);
});

// [U-4]
test("a server waits for the client's acks as well", async () => {
  const { network, peer, got } = await connect({}, { bufferBytes: 1_000 });
  network.faults.latencyMs = 100;
  for (let number = 0; number < 50; number++) peer.send("x".repeat(300));

  await network.clock.advance(150);
  assert.ok(got.length <= 3, `${got.length}`);
  await network.clock.advance(10_000);

  assert.equal(got.length, 50);
});
