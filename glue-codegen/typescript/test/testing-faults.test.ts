import assert from "node:assert/strict";
import { test } from "node:test";
import { glue, type Socket } from "../src/client/client.js";
import {
  htmlPage,
  type Interceptor,
  loseAnswer,
  MemoryNetwork,
  type NetworkOptions,
  type Peer,
  redirect,
  repeatAnswer,
  repeatRequest,
  status,
  truncate,
} from "../src/testing/index.js";

async function connect(
  seed = 1,
  options: NetworkOptions = {},
): Promise<{ network: MemoryNetwork; peer: Peer; socket: Socket; events: string[] }> {
  const network = new MemoryNetwork({ seed, ...options });
  const socket = glue("http://server", { ...network.options, forceSocketType: "WebSocket" });
  const events: string[] = [];
  for (const event of ["connected", "reconnecting", "disconnected", "error", "timeout"] as const)
    socket.on(event, () => events.push(event));
  return { network, peer: await network.accept(), socket, events };
}

test("a server that is away refuses, and is found when it is back", async () => {
  const { network, events, peer, socket } = await connect();

  network.faults.refuse();
  network.faults.cut();
  await network.clock.advance(10_000);
  assert.ok(peer.isOpen && !peer.isConnected);
  assert.ok(events.filter((event) => event === "error").length > 1);
  network.faults.admit();
  await network.clock.until(() => peer.isConnected);

  assert.equal(socket.state(), "connected");
});

test("only one kind of transport may be refused", async () => {
  const network = new MemoryNetwork();
  const ask = () => network.options.fetch("http://server/glue/ajax", { method: "POST", body: "i" });

  network.faults.refuse("WebSocket");
  assert.equal((await ask()).status, 200);
  network.faults.ignore("AjaxSocket");
  ask().finally(() => assert.fail("ignored"));
  await network.clock.advance(60_000);
  network.faults.refuse("AjaxSocket");

  await assert.rejects(ask(), { name: "TypeError", message: "fetch failed" });
});

test("latency holds in both directions, and keeps the order", async () => {
  const { network, peer, socket } = await connect();
  const got: string[] = [];
  socket.onMessage((data) => got.push(`${data}@${network.clock.now()}`));
  network.faults.latencyMs = 50;
  const start = network.clock.now();

  peer.channel("m").onMessage((data) => peer.send(data));
  socket.send("slow");
  await network.clock.advance(10);
  network.faults.latencyMs = 10;
  socket.send("fast");
  await network.clock.advance(100);

  assert.deepEqual(got, [`slow@${start + 60}`, `fast@${start + 60}`]);
});

test("a stalled link keeps everything, and gives it back in order", async () => {
  const { network, peer, socket } = await connect();
  const got: string[] = [];
  socket.onMessage((data) => got.push(data));

  peer.stall();
  peer.send("one");
  socket.send("up");
  await network.clock.advance(1_000);
  assert.deepEqual([got, peer.channel("m").take()], [[], []]);
  peer.send("two");
  peer.resume();
  await network.clock.settle();

  assert.deepEqual(got, ["one", "two"]);
  assert.deepEqual(peer.channel("m").take(), ["up"]);
});

test("what a stalled websocket holds counts as unsent", async () => {
  const network = new MemoryNetwork();
  const socket = new network.options.WebSocket("ws://server/glue/ws");
  await network.clock.settle();
  socket.send("at once");
  assert.equal(socket.bufferedAmount, 0);

  network.faults.stall();
  socket.send("é");
  assert.equal(socket.bufferedAmount, 2);
  network.faults.resume();
  await network.clock.settle();

  assert.equal(socket.bufferedAmount, 0);
});

test("a silent server is noticed by the keep-alive", async () => {
  const { network, peer, socket, events } = await connect();

  peer.lose("toClient");
  socket.send("heard");
  await network.clock.advance(39_999);
  assert.deepEqual(events.slice(1), []);
  await network.clock.advance(1);

  assert.deepEqual(events.slice(1), ["timeout", "reconnecting"]);
  assert.equal(await peer.receive(), "heard");
});

test("attempts that are ignored neither succeed nor fail", async () => {
  const { network, socket, events } = await connect();
  network.faults.lose();
  network.faults.ignore();
  await network.clock.advance(60_000);
  assert.ok(!events.includes("error"));

  network.faults.admit();
  await network.clock.until(() => socket.state() === "connected");
});

test("links break at messages that the seed draws", async () => {
  const lives = async (seed: number): Promise<number[]> => {
    const { network, socket } = await connect(seed, { resume: false });
    network.faults.cutAtRandom(20);
    network.faults.cut();
    const lengths: number[] = [];
    while (lengths.length < 5) {
      const peer = await network.accept();
      for (let count = 0; peer.isOpen && count < 30; count++) {
        socket.send("x");
        await network.clock.settle();
      }
      lengths.push(peer.messages.length);
    }
    return lengths;
  };

  const lengths = await lives(3);
  assert.deepEqual(await lives(3), lengths);
  assert.notDeepEqual(await lives(4), lengths);
  assert.ok(lengths.every((length) => length < 20));
  assert.ok(new Set(lengths).size > 1);
});

const URL = "http://server/glue/ajax";

/**
 * What a poll, the same once more, a push and then the poll without the interceptor are answered. The server has one
 * message to give, and echoes.
 */
async function asked(interceptor: Interceptor): Promise<string[]> {
  const network = new MemoryNetwork();
  network.onLink((link) => {
    link.send("hello");
    link.onMessage = (message) => link.send(message);
  });
  const ask = (body: string): Promise<string> =>
    network.options
      .fetch(URL, { method: "POST", body })
      .then(async (answer) => `${answer.status} ${(await answer.text()).split("\n")[0]}`)
      .catch(String);
  const [, start = ""] = (await ask("i")).split(" ");
  const uid = start.slice(0, 10);
  const remove = network.faults.intercept(interceptor);

  const answers = [await ask(`o${start}`), await ask(`o${start}`), await ask(`u${uid}&x`)];
  remove();
  return [...answers, await ask(`o${start}`)].map((text) => text.replace(/\d{7,}/, "T"));
}

test("answers can be lost, cut short, given twice, or be something else", async () => {
  const good = "200 T&hello";
  const failed = "TypeError: fetch failed";
  const page = "<!doctype html>";

  assert.deepEqual(await asked((_, next) => next()), [good, good, "200 ", good]);
  assert.deepEqual(await asked(status(503, "later")), ["503 later", "503 later", "503 later", good]);
  assert.deepEqual(await asked(htmlPage()), [`502 ${page}`, `502 ${page}`, `502 ${page}`, good]);
  assert.deepEqual(await asked(htmlPage(200)), [`200 ${page}`, `200 ${page}`, `200 ${page}`, good]);
  assert.deepEqual(await asked(redirect()), ["0 ", "0 ", "0 ", good]);
  assert.deepEqual(await asked(truncate(3)), ["200 000", "200 000", "200 ", good]);
  assert.deepEqual(await asked(loseAnswer()), [failed, failed, failed, good]);
  assert.deepEqual(await asked(loseAnswer(true)), [...Array(3).fill("TypeError: terminated"), good]);
  assert.deepEqual(await asked(repeatAnswer()), [good, good, good, good]);
  assert.deepEqual(await asked(repeatRequest()), [good, good, "200 ", good]);
});

test("a request that is repeated arrives twice", async () => {
  const network = new MemoryNetwork();
  const got: string[] = [];
  network.onLink((link) => {
    link.onMessage = (message) => got.push(message);
  });
  const post = async (body: string): Promise<string> =>
    (await network.options.fetch(URL, { method: "POST", body })).text();
  const [uid] = (await post("i")).split("&");

  network.faults.intercept(repeatRequest(), { kinds: ["push"] });
  await post(`u${uid}&x`);

  assert.deepEqual(got, ["x", "x"]);
});

test("a fault may be for some requests only, by kind and number", async () => {
  const network = new MemoryNetwork();
  const ask = async (body: string): Promise<number> =>
    (await network.options.fetch(URL, { method: "POST", body })).status;
  network.faults.intercept(status(503), { kinds: ["init"], times: 2 });
  network.faults.intercept(status(418), { kinds: ["push", "poll"] });

  assert.deepEqual([await ask("uX&y"), await ask("i"), await ask("i"), await ask("i")], [418, 503, 503, 200]);
});

test("a link that is cut takes its requests along, and its session", async () => {
  const network = new MemoryNetwork();
  const ask = (body: string) => network.options.fetch(URL, { method: "POST", body });
  const first = await (await ask("i")).text();
  const second = await (await ask("i")).text();
  const polls = [first, second].map((start) => ask(`o${start}`));
  network.faults.intercept(() => new Promise(() => {}), { kinds: ["init"] });
  const init = ask("i");
  await network.clock.settle();

  network.faults.cut("WebSocket");
  await network.clock.settle();
  network.faults.cut("AjaxSocket");

  for (const request of [...polls, init]) await assert.rejects(request, { message: "fetch failed" });
  assert.equal((await ask(`o${first}`)).status, 400);
});
