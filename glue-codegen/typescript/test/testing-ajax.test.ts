import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBatch } from "../src/proto/batch.js";
import { MemoryNetwork, type MemoryResponse, type NetworkOptions, type Peer } from "../src/testing/index.js";

const URL = "http://server/glue/ajax";

/** A client of the Ajax transport that does nothing by itself. */
class RawAjax {
  readonly network: MemoryNetwork;
  uid = "";
  token = "";

  constructor(options: NetworkOptions = {}) {
    this.network = new MemoryNetwork(options);
  }

  post(body: string, signal?: AbortSignal): Promise<MemoryResponse> {
    return this.network.options.fetch(URL, { method: "POST", body, signal });
  }

  async open(): Promise<void> {
    const [uid = "", token = ""] = (await (await this.post("i")).text()).split("&");
    Object.assign(this, { uid, token });
  }

  /** From nothing to a session. */
  async connect(init: object = {}): Promise<Peer> {
    await this.open();
    const poll = this.poll();
    await this.push(`in${JSON.stringify({ version: "1.9.1", ...init })}`);
    assert.match(await poll, /^in\{/);
    return this.network.accept();
  }

  async push(message: string): Promise<number> {
    const answer = await this.post(`u${this.uid}&${message}`);
    const text = await answer.text();
    if (answer.ok) assert.equal(text, "");
    return answer.status;
  }

  /** What a poll is answered: the message, `t`, `c`, or the status. */
  async poll(token = this.token, signal?: AbortSignal): Promise<string> {
    const answer = await this.post(`o${this.uid}&${token}`, signal);
    const text = await answer.text();
    if (!answer.ok) return String(answer.status);
    const split = text.indexOf("&");
    if (split < 0) return text;
    this.token = text.slice(0, split);
    return text.slice(split + 1);
  }
}

test("a session over ajax: polls bring messages, pushes take them", async () => {
  const client = new RawAjax();
  const peer = await client.connect();

  assert.equal(await client.push("cd1&mhello"), 200);
  const poll = client.poll();
  peer.send("welcome");

  assert.equal(await poll, "cd1&mwelcome");
  assert.equal(await peer.receive(), "hello");
  assert.equal(peer.type, "AjaxSocket");
  assert.match(client.uid, /^[0-9A-Za-z]{10}$/);
  assert.match(client.token, /^[0-9A-Za-z]{7}$/);
});

//
test("what is no request of the transport is answered with 400", async () => {
  const client = new RawAjax();
  await client.open();
  const { fetch } = client.network.options;
  const status = async (body: string): Promise<number> => (await client.post(body)).status;

  for (const body of [
    "",
    "x",
    "o",
    `o${client.uid}&AAAAAAA`,
    `u${client.uid}`,
    `u${client.uid}&`,
    "uAAAAAAAAAA&pi",
  ])
    assert.equal(await status(body), 400, body);
  assert.equal((await fetch(URL, { method: "GET" })).status, 400);
  assert.equal((await fetch("http://server/glue/x", { method: "POST", body: "i" })).status, 400);
  assert.equal(await status(`i${"x".repeat(1024)}`), 200);
  assert.equal(await status(`i${"x".repeat(1025)}`), 413);
});

//
test("a poll without a message is answered after 35 s, and its token stays good", async () => {
  const client = new RawAjax();
  const peer = await client.connect();
  const token = client.token;
  let answer = "";
  client.poll().then((text) => {
    answer = text;
  });

  await client.network.clock.advance(20_000);
  await client.push("po"); // or the server would ask for it
  await client.network.clock.advance(14_999);
  assert.equal(answer, "");
  await client.network.clock.advance(1);
  assert.equal(answer, "t");
  const next = client.poll(token);
  peer.send("x");

  assert.equal(await next, "cd1&mx");
});

//
test("an answer is given again until the next poll confirms it", async () => {
  const client = new RawAjax();
  const peer = await client.connect();
  const token = client.token;
  peer.send("one");

  assert.equal(await client.poll(token), "cd1&mone");
  assert.equal(await client.poll(token), "cd1&mone");
  peer.send("two");
  assert.equal(await client.poll(), "cd1&mtwo");
  assert.equal(await client.poll(token), "400");
});

//
test("a second poll takes the place of the first, and one that was given up takes nothing", async () => {
  const client = new RawAjax();
  const peer = await client.connect();
  const first = client.poll();
  await client.network.clock.settle();
  const controller = new AbortController();
  const second = client.poll(client.token, controller.signal);
  assert.equal(await first, "400");

  const given = assert.rejects(second, { name: "AbortError" });
  controller.abort();
  await given;
  peer.send("kept");

  assert.equal(await client.poll(), "cd1&mkept");
});

// [B-6]
test("what waits goes in one container, where that was agreed on", async () => {
  const client = new RawAjax();
  const peer = await client.connect({ batch: true });
  peer.send("one");
  peer.send("two");

  const container = await client.poll();
  assert.equal(await client.push("ba2&pi10&cd1&mhello"), 200);

  assert.equal(container.slice(0, 2), "ba");
  assert.deepEqual(decodeBatch(container.slice(2)), ["cd1&mone", "cd1&mtwo"]);
  assert.equal(await peer.receive(), "hello");
  assert.equal(await client.poll(), "po");
});

test("an original server sends one message with each answer, and takes no container", async () => {
  const client = new RawAjax({ original: true });
  const peer = await client.connect({ batch: true });
  peer.send("one");
  peer.send("two");

  assert.equal(await client.poll(), "cd1&mone");
  assert.equal(await client.poll(), "cd1&mtwo");
  await client.push("ba2&pi");
  assert.equal(await client.poll(), "iv");
});

//
test("what is queued is delivered before the end, and then the session is unknown", async () => {
  const client = new RawAjax();
  const peer = await client.connect();
  peer.send("bye");
  peer.close();

  assert.equal(await client.push("pi"), 400);
  assert.equal(await client.poll(), "cd1&mbye");
  assert.equal(await client.poll(), "c");
  assert.equal(await client.poll(), "400");
});

test("a goodbye ends the session", async () => {
  const client = new RawAjax();
  const peer = await client.connect();
  const poll = client.poll();

  assert.equal(await client.push("cl"), 200);

  assert.equal(await poll, "c");
  assert.equal(peer.ended, "client");
});

//
test("a client that doesn't poll is gone after 10 s, one that does is not", async () => {
  const client = new RawAjax();
  const peer = await client.connect();
  const { clock } = client.network;

  await clock.advance(9_999);
  const poll = client.poll();
  await clock.advance(20_000);
  assert.ok(peer.isOpen);
  peer.send("x");
  await poll;
  await clock.advance(10_000);

  assert.equal(peer.ended, "lost");
  assert.equal(await client.poll(), "400");
});

test("a request that is aborted before it arrives never does", async () => {
  const client = new RawAjax();
  const peer = await client.connect();
  client.network.faults.latencyMs = 50;
  const controller = new AbortController();
  const push = assert.rejects(client.post(`u${client.uid}&cd1&mx`, controller.signal), { message: "stop" });

  await client.network.clock.advance(49);
  controller.abort(new Error("stop"));
  await push;
  await client.network.clock.advance(100);

  assert.deepEqual(peer.channel("m").take(), []);
  await assert.rejects(client.post("i", controller.signal), { message: "stop" });
});
