import assert from "node:assert/strict";
import { test } from "node:test";
import { glue } from "../src/client/client.js";
import { GlueError } from "../src/errors.js";
import { settled } from "./support/fake-clock.js";
import { World } from "./support/fake-transport.js";

test("a socket connects and moves data on its channels", () => {
  const world = new World();
  const got: string[] = [];
  world.socket.onMessage((data) => got.push(`m:${data}`));
  world.socket.channel("chat").onMessage((data) => got.push(`chat:${data}`));
  assert.equal(world.socket.state(), "disconnected");

  world.clock.advance(0);
  assert.equal(world.socket.state(), "connecting");
  assert.equal(world.link.url, "ws://host:1/glue/ws");
  world.link.open();
  assert.deepEqual(world.link.take(), [
    'in{"version":"1.9.1","batch":true,"errors":true,"resume":{},"drain":true}',
  ]);
  world.link.receive('in{"socketID":"S"}');

  assert.equal(world.socket.state(), "connected");
  assert.equal(world.socket.socketID(), "S");
  assert.equal(world.socket.send("hi"), 1);
  assert.equal(world.socket.channel("chat").send("ho"), 1);
  assert.deepEqual(world.link.take(), ["cd1&mhi", "cd4&chatho"]);
  world.link.receive("cd1&mone");
  world.link.receive("cd4&chattwo");
  assert.deepEqual(got, ["m:one", "chat:two"]);
  assert.deepEqual(world.events, ["connecting", "connected"]);
});

// C13
test("empty messages are sent and delivered", () => {
  const world = new World();
  const got: string[] = [];
  world.socket.onMessage((data) => got.push(data));
  const link = world.connect();

  assert.equal(world.socket.send(""), 1);
  link.receive("cd1&m");

  assert.deepEqual(link.take(), ["cd1&m"]);
  assert.deepEqual(got, [""]);
});

// C16
test("channels may be named like members of an object, and the main channel is m", () => {
  const world = new World();
  const got: string[] = [];
  for (const name of ["constructor", "__proto__", "m"]) {
    world.socket.channel(name).onMessage((data) => got.push(name + data));
  }
  const link = world.connect();

  link.receive("cd11&constructor1");
  link.receive("cd9&__proto__2");
  link.receive("cd1&m3");

  assert.deepEqual(got, ["constructor1", "__proto__2", "m3"]);
  assert.equal(world.socket.channel("m"), world.socket.channel("m"));
});

test("names beyond ascii are written in bytes and read in bytes or units", () => {
  const world = new World();
  const got: string[] = [];
  world.socket.channel("日本").onMessage((data) => got.push(data));
  const link = world.connect();

  world.socket.channel("日本").send("x");
  link.receive("cd6&日本bytes");
  link.receive("cd2&日本units");

  assert.deepEqual(link.take(), ["cd6&日本x"]);
  assert.deepEqual(got, ["bytes", "units"]);
});

// C18
test("binary frames are read as text", () => {
  const world = new World();
  const got: string[] = [];
  world.socket.onMessage((data) => got.push(data));
  const link = world.connect();
  const bytes = new TextEncoder().encode("cd1&m\ufeffé");

  link.receive(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

  assert.equal(link.binaryType, "arraybuffer");
  assert.deepEqual(got, ["\ufeffé"]);
});

test("bytes that are no text end the link", () => {
  const world = new World();
  const link = world.connect();

  link.receive(new Uint8Array([0x70, 0x69, 0xff]).buffer);

  assert.ok(link.closed);
  assert.deepEqual(world.events, ["connecting", "connected", "error", "reconnecting"]);
});

test("pings are answered at once, before the session too", () => {
  const world = new World();
  world.clock.advance(0);
  world.link.open();
  world.link.take();

  world.link.receive("pi");

  assert.deepEqual(world.link.take(), ["po"]);
});

// C15
test("malformed and unknown texts change nothing", () => {
  const world = new World();
  const got: string[] = [];
  world.socket.onMessage((data) => got.push(data));
  const link = world.connect();

  for (const text of [
    "",
    "x",
    "xx",
    "iv",
    "cd",
    "cd1",
    "cdx&m",
    "cd1x&mno",
    "cd9&m",
    "cd4&nope",
    'in{"socketID":"T"}',
  ]) {
    link.receive(text);
  }

  assert.deepEqual(got, []);
  assert.equal(world.socket.socketID(), "S1");
  assert.equal(world.socket.state(), "connected");
});

// C7
test("the state changes at the drop and a reconnect follows", () => {
  const world = new World();
  world.connect().lose();

  assert.equal(world.socket.state(), "reconnecting");
  assert.equal(world.socket.socketID(), "");
  assert.deepEqual(world.takeEvents(), ["connecting", "connected", "reconnecting"]);
  world.clock.advance(999);
  assert.equal(world.links.length, 1);
  world.clock.advance(1);
  world.accept();

  assert.equal(world.socket.socketID(), "S2");
  assert.deepEqual(world.takeEvents(), ["connected"]);
});

test("a failure is reported once, before the reconnect", () => {
  const world = new World();
  const errors: GlueError[] = [];
  world.socket.on("error", (error) => errors.push(error));
  world.clock.advance(0);

  world.link.fail();

  assert.deepEqual(world.events, ["connecting", "error", "reconnecting"]);
  assert.ok(errors[0] instanceof GlueError);
  assert.equal(errors[0].code, "unavailable");
});

test("delays grow to their limit and attempts run out", () => {
  const world = new World({ reconnectAttempts: 6 });
  const times: number[] = [];
  world.clock.advance(0);
  while (!world.socket.isClosed()) {
    times.push(world.clock.now());
    const before = world.links.length;
    world.link.fail();
    if (!world.socket.isClosed()) while (world.links.length === before) world.clock.advance(500);
  }

  assert.deepEqual(times, [0, 1000, 3000, 6000, 10_000, 15_000, 20_000]);
  assert.equal(world.socket.state(), "disconnected");
  assert.equal(world.events.at(-1), "disconnected");
});

// [T-2] C9
test("delays are drawn from the upper half of the range", () => {
  const world = new World({ random: () => 0 });
  world.connect().lose();

  world.clock.advance(499);
  assert.equal(world.links.length, 1);
  world.clock.advance(1);

  assert.equal(world.links.length, 2);
});

test("a server that is away for 40 s is found again by default, however the delays are drawn", () => {
  const world = new World({ random: () => 0 });
  world.connect().lose();

  for (let second = 0; second < 40; second++) {
    const attempts = world.links.length;
    world.clock.advance(1000);
    if (world.links.length > attempts) world.link.fail();
  }

  assert.equal(world.socket.state(), "reconnecting");
});

// [T-2] C9
test("a server that accepts the transport only does not reset the attempts", () => {
  const world = new World({ reconnectAttempts: 2 });
  world.clock.advance(0);
  for (let attempt = 0; attempt < 3; attempt++) {
    world.link.open();
    world.link.lose();
    world.clock.advance(5000);
  }

  assert.equal(world.links.length, 3);
  assert.equal(world.socket.state(), "disconnected");
});

test("an accepted session resets the attempts", () => {
  const world = new World({ reconnectAttempts: 1 });
  world.connect();
  for (let outage = 0; outage < 4; outage++) {
    world.link.lose();
    world.clock.advance(1000);
    world.accept();
  }

  assert.equal(world.socket.state(), "connected");
});

// [T-8] C5
test("close sticks in the same tick", () => {
  const world = new World();

  world.socket.close();
  world.clock.advance(60_000);

  assert.equal(world.links.length, 0);
  assert.deepEqual(world.events, ["disconnected"]);
});

// [T-8] C5
test("close sticks during the delay and during an attempt", () => {
  for (const attempting of [false, true]) {
    const world = new World();
    world.connect().lose();
    world.clock.advance(attempting ? 1000 : 500);

    world.socket.close();
    const { links } = world;
    if (attempting) world.accept();
    world.clock.advance(60_000);

    assert.equal(links.length, attempting ? 2 : 1);
    assert.equal(world.socket.state(), "disconnected");
    assert.equal(world.events.at(-1), "disconnected");
    assert.equal(world.clock.pending, 0);
  }
});

test("close says goodbye", () => {
  const world = new World();
  const link = world.connect();

  world.socket.close();
  world.socket.close();

  assert.deepEqual(link.take(), ["cl"]);
  assert.ok(link.closed);
  assert.deepEqual(world.events, ["connecting", "connected", "disconnected"]);
});

test("a listener of error or reconnecting may close the socket", () => {
  for (const event of ["error", "reconnecting", "connecting", "connected"] as const) {
    const world = new World();
    world.socket.on(event, () => world.socket.close());
    world.clock.advance(0);
    if (event === "error" || event === "reconnecting") world.link.fail();
    else if (event === "connected") world.accept();

    world.clock.advance(60_000);

    assert.equal(world.socket.state(), "disconnected", event);
    assert.equal(world.events.filter((name) => name === "disconnected").length, 1, event);
    assert.ok(world.links.length <= 1, event);
  }
});

test("a listener of connecting that closes and revives the socket gets one connection", () => {
  const world = new World();
  world.socket.on("connecting", () => {
    world.socket.close();
    world.socket.reconnect();
  });

  world.clock.advance(1000);

  assert.equal(world.links.length, 1);
  assert.deepEqual(world.events, ["connecting", "disconnected", "reconnecting"]);
});

test("every change is told once and in order when a listener of error makes changes", () => {
  const world = new World();
  world.connect();
  world.takeEvents();
  world.socket.once("error", () => {
    world.socket.close();
    world.socket.reconnect();
  });

  world.link.fail();

  assert.deepEqual(world.events, ["error", "reconnecting", "disconnected", "reconnecting"]);
});

test("a loss that was final is told even if a listener of error revives the socket", () => {
  const world = new World({ reconnect: false });
  world.connect();
  world.takeEvents();
  world.socket.once("error", () => world.socket.reconnect());

  world.link.fail();

  assert.deepEqual(world.events, ["error", "disconnected", "reconnecting"]);
});

test("a text that can't be sent ends the link, later and once", async () => {
  const world = new World();
  const link = world.connect();
  world.takeEvents();
  link.broken = true;

  assert.equal(world.socket.send("1"), 1);
  link.broken = false;
  assert.equal(world.socket.send("2"), 1);
  assert.deepEqual(world.takeEvents(), []);
  await settled();

  assert.deepEqual(world.takeEvents(), ["error", "reconnecting"]);
  assert.deepEqual(link.take(), []);
  assert.ok(link.closed);
});

test("a socket that can't send can be closed", async () => {
  const world = new World();
  const link = world.connect();
  world.takeEvents();
  link.broken = true;

  world.socket.close();
  await settled();

  assert.deepEqual(world.events, ["disconnected"]);
  assert.ok(link.closed);
  assert.equal(world.clock.pending, 0);
});

// C6
test("reconnect is ignored while an attempt is pending", () => {
  const world = new World();
  world.socket.reconnect();
  world.connect();
  world.socket.reconnect();
  world.link.lose();
  world.socket.reconnect();
  world.clock.advance(1000);
  world.socket.reconnect();
  world.clock.advance(5000);

  assert.equal(world.links.length, 2);
});

test("reconnect revives a closed socket", () => {
  const world = new World({ reconnect: false });
  world.connect().lose();
  assert.deepEqual(world.takeEvents(), ["connecting", "connected", "disconnected"]);

  world.socket.reconnect();
  world.socket.reconnect();
  assert.equal(world.socket.state(), "reconnecting");
  world.clock.advance(1000);
  world.accept();

  assert.deepEqual(world.takeEvents(), ["reconnecting", "connected"]);
  assert.equal(world.links.length, 2);
});

// [T-8]
test("dont_reconnect makes the next loss final", () => {
  const world = new World();
  world.clock.advance(0);
  world.link.open();
  world.link.receive("dr");
  world.link.lose();

  assert.deepEqual(world.events, ["connecting", "disconnected"]);
  world.socket.reconnect();
  world.clock.advance(1000);
  world.accept();
  world.link.lose();
  assert.equal(world.socket.state(), "reconnecting");
});

// [T-1] C10
test("the connect timeout covers the answer of the server", () => {
  const world = new World();
  world.clock.advance(0);
  world.link.open();

  world.clock.advance(9_999);
  assert.equal(world.socket.state(), "connecting");
  world.clock.advance(1);

  assert.deepEqual(world.events, ["connecting", "connect_timeout", "reconnecting"]);
  assert.ok(world.links[0]?.closed);
});

// C10
test("an unreadable answer of the server is an error", () => {
  for (const answer of ["in", "in[]", "in{}", 'in{"socketID":""}']) {
    const world = new World();
    world.clock.advance(0);
    world.link.open();

    world.link.receive(answer);

    assert.deepEqual(world.events, ["connecting", "error", "reconnecting"]);
  }
});

// [L-2]
test("a server that talks nonsense is left with an error", () => {
  const world = new World();
  const link = world.connect();
  const errors: GlueError[] = [];
  world.socket.on("error", (error) => errors.push(error));

  for (let fault = 0; fault < 257; fault++) link.receive("xx");

  assert.deepEqual(world.events, ["connecting", "connected", "error", "reconnecting"]);
  assert.match(errors[0]?.message ?? "", /too_many_faults/);
});

test("a silent server is asked and then given up", () => {
  const world = new World();
  const link = world.connect();
  world.clock.advance(20_000);
  link.receive("po");

  world.clock.advance(34_999);
  assert.deepEqual(link.take(), []);
  world.clock.advance(1);
  assert.deepEqual(link.take(), ["pi"]);
  world.clock.advance(4_999);
  assert.equal(world.socket.state(), "connected");
  world.clock.advance(1);

  assert.deepEqual(world.events, ["connecting", "connected", "timeout", "reconnecting"]);
});

// [K-3]
test("a slow uplink is not taken for a dead server", () => {
  const world = new World();
  const link = world.connect();
  link.bufferedAmount = 3_000_000;
  world.clock.advance(35_000);
  assert.deepEqual(link.take(), ["pi"]);

  for (link.bufferedAmount = 2_000_000; link.bufferedAmount > 0; link.bufferedAmount -= 500_000) {
    world.clock.advance(5_000);
    assert.equal(world.socket.state(), "connected");
  }
  world.clock.advance(5_000);
  assert.deepEqual(link.take(), []);
  assert.equal(world.socket.state(), "connected");
  world.clock.advance(5_000);

  assert.deepEqual(world.events, ["connecting", "connected", "timeout", "reconnecting"]);
});

// [K-2]
test("a link that takes nothing any more is given up, whatever it holds", () => {
  const world = new World();
  world.connect().bufferedAmount = 3_000_000;

  world.clock.advance(40_000);

  assert.equal(world.events.at(-2), "timeout");
});

test("any text answers the question", () => {
  const world = new World();
  const link = world.connect();
  world.clock.advance(39_000);

  link.receive("cd1&mx");
  world.clock.advance(34_000);

  assert.equal(world.socket.state(), "connected");
  assert.deepEqual(link.take(), ["pi"]);
});

// [T-5] C3
test("what is sent without a connection goes out in order, ahead of what connected listeners send", () => {
  const world = new World();
  world.socket.on("connected", () => world.socket.send("3"));
  assert.equal(world.socket.send("1"), 0);
  world.clock.advance(0);
  assert.equal(world.socket.channel("a").send("2"), 0);

  world.accept();

  assert.deepEqual(world.link.take(), ["cd1&m1", "cd1&a2", "cd1&m3"]);
});

test("the send buffer bridges a reconnect", () => {
  const world = new World();
  world.connect().lose();
  world.socket.send("1");
  world.clock.advance(1000);
  world.link.fail();
  world.socket.send("2");
  world.clock.advance(2000);

  world.accept();

  assert.deepEqual(world.link.take(), ["cd1&m1", "cd1&m2"]);
});

// [T-6]
test("the send buffer is bounded, whatever it is given", () => {
  const world = new World();
  const discarded: unknown[] = [];
  const send = (data: unknown): number => world.socket.send(data as string, (text) => discarded.push(text));
  const large = "x".repeat(2 ** 20);

  assert.equal(send(5), 0);
  for (let sent = 0; sent < 15; sent++) assert.equal(send(large), 0);
  assert.equal(send(large), -1);
  assert.equal(send(undefined), -1);
  assert.equal(send(null), -1);
  assert.deepEqual(discarded, [large]);
  world.connect();

  assert.equal(world.link.take()[0], "cd1&m5");
  assert.equal(send(null), -1);
  assert.deepEqual(world.link.take(), []);
});

// [T-6] C2
test("data that waited too long is handed back", () => {
  const world = new World({ connectTimeout: 60_000 });
  const discarded: string[] = [];
  const discard = (data: string): number => discarded.push(data);
  world.clock.advance(0);
  assert.equal(world.socket.send("1", discard), 0);
  world.clock.advance(5_000);
  assert.equal(world.socket.send("2", discard), 0);

  world.clock.advance(5_000);
  assert.deepEqual(discarded, ["1", "2"]);
  assert.equal(world.events.at(-1), "discard_send_buffer");
  assert.equal(world.socket.send("3", discard), -1);
  assert.deepEqual(discarded, ["1", "2", "3"]);
  world.accept();

  assert.deepEqual(world.link.take(), []);
  assert.equal(world.socket.send("4", discard), 1);
});

// C19
test("off, once and removers end what on began", () => {
  const world = new World();
  const calls: string[] = [];
  const listener = (): number => calls.push("off");
  world.socket.on("connected", listener);
  world.socket.off("connected", listener);
  const remove = world.socket.on("connected", () => calls.push("removed"));
  remove();
  remove();
  world.socket.once("connected", () => calls.push("once"));
  world.connect().lose();
  world.clock.advance(1000);
  world.accept();

  assert.deepEqual(calls, ["once"]);
});

test("late events of an old link are ignored", () => {
  const world = new World();
  const old = world.connect();
  const { onmessage, onclose } = old;
  old.lose();
  world.clock.advance(1000);
  world.accept();

  onmessage?.({ data: "cd1&mlate" } as never);
  onclose?.({ code: 1006, wasClean: false } as never);

  assert.equal(world.socket.state(), "connected");
});

test("arguments that can't work are refused at once", () => {
  const code = (error: unknown): boolean => error instanceof GlueError && error.code === "invalid_argument";

  assert.throws(() => glue("host:1"), code);
  assert.throws(() => glue(), code);
  assert.throws(() => new World().socket.channel(""), code);
  const forceSocketType = "WebSocket";
  if (globalThis.WebSocket === undefined)
    assert.throws(() => glue("http://host:1", { forceSocketType }), /options\.WebSocket/);
});

test("the url is built from host and base", () => {
  for (const [host, baseURL, url] of [
    ["https://host/", "glue", "wss://host/glue/ws"],
    ["http://host", "/a/b/", "ws://host/a/b/ws"],
    ["http://host", "/", "ws://host/ws"],
  ] as const) {
    const urls: string[] = [];
    const world = new World();
    class WebSocket {
      constructor(url: string) {
        urls.push(url);
        throw new Error("refused");
      }
    }
    const socket = glue(host, {
      baseURL,
      WebSocket: WebSocket as never,
      clock: world.clock,
      reconnect: false,
    });
    world.clock.advance(0);

    assert.deepEqual(urls, [url]);
    assert.ok(socket.isClosed());
  }
});

// [B-1] [B-2]
test("what one turn sends goes in one container, in a later one by itself", async () => {
  const world = new World();
  const link = world.connect({ batch: true });

  world.socket.send("1");
  world.socket.channel("a").send("2");
  assert.deepEqual(link.take(), []);
  await settled();
  assert.deepEqual(link.take(), ["ba6&cd1&m16&cd1&a2"]);
  world.socket.send("3");
  await settled();

  assert.deepEqual(link.take(), ["cd1&m3"]);
});

test("containers stay below 64 KiB and what the server takes", async () => {
  const large = new World();
  const first = large.connect({ batch: true });
  for (let text = 0; text < 5; text++) large.socket.send("x".repeat(20_000));
  await settled();
  const small = new World();
  const second = small.connect({ batch: true, limit: 330 });
  for (let text = 0; text < 5; text++) small.socket.send("x".repeat(40));
  await settled();
  const many = new World();
  const third = many.connect({ batch: true });
  for (let text = 0; text < 2_000; text++) many.socket.send("");
  await settled();

  assert.deepEqual(
    first.take().map((text) => text.length),
    [60_035, 40_024],
  );
  assert.deepEqual(
    second.take().map((text) => text.length),
    [98, 98, 45],
  );
  assert.equal(third.take().length, 2);
});

// [B-4]
test("a container counts as its messages", () => {
  const world = new World();
  const got: string[] = [];
  world.socket.onMessage((data) => got.push(data));
  const link = world.connect({ batch: true });

  link.receive("ba2&pi6&cd1&m16&cd1&m2");

  assert.deepEqual(got, ["1", "2"]);
  assert.deepEqual(link.take(), ["po"]);
});

// [B-3] [B-5]
test("a container that is malformed or was not agreed on is no message", () => {
  const got: string[] = [];
  const agreed = new World();
  agreed.socket.onMessage((data) => got.push(data));
  agreed.connect({ batch: true }).receive("ba6&cd1&m19&cd1&m2");
  const plain = new World();
  plain.socket.onMessage((data) => got.push(data));
  plain.connect().receive("ba6&cd1&m1");

  assert.deepEqual(got, []);
  assert.equal(agreed.socket.state(), "connected");
});

// [T-7]
test("what is longer than the server takes is handed back and harms nothing", async () => {
  const world = new World();
  const back: string[] = [];
  const discarded = (data: string): number => back.push(data);
  const long = "é".repeat(48);
  assert.equal(world.socket.send(`${long}2`, discarded), 0);
  assert.equal(world.socket.send(long, discarded), 0);
  const link = world.connect({ batch: true, limit: 101 });
  await settled();
  assert.deepEqual(link.take(), [`cd1&m${long}`]);

  assert.equal(world.socket.send(`${long}3`, discarded), -1);
  assert.equal(world.socket.send("short"), 1);
  await settled();

  assert.deepEqual(back, [`${long}2`, `${long}3`]);
  assert.deepEqual(link.take(), ["cd1&mshort"]);
});

test("auth is part of the first message, asked for anew at each attempt", async () => {
  const world = new World({ auth: { token: "t" } });
  world.clock.advance(0);
  world.link.open();
  assert.deepEqual(world.link.take(), [
    'in{"version":"1.9.1","batch":true,"errors":true,"auth":{"token":"t"},"resume":{},"drain":true}',
  ]);

  let token = 0;
  const asked = new World({ auth: async () => ++token });
  asked.clock.advance(0);
  assert.equal(asked.links.length, 0);
  await settled();
  asked.link.open();
  assert.match(asked.link.take()[0] ?? "", /"auth":1,/);
  asked.link.lose();
  asked.clock.advance(1_000);
  await settled();
  asked.link.open();
  assert.match(asked.link.take()[0] ?? "", /"auth":2,/);
});

test("auth that can't be had is an error, and tried again", async () => {
  const circular: unknown[] = [];
  circular.push(circular);
  for (const auth of [() => Promise.reject(new Error("signed out")), circular]) {
    const world = new World({ auth });
    const errors: GlueError[] = [];
    world.socket.on("error", (error) => errors.push(error));
    world.clock.advance(0);
    await settled();

    assert.deepEqual(world.takeEvents(), ["connecting", "error", "reconnecting"]);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["unauthenticated"],
    );
    assert.ok(errors[0]?.cause instanceof Error);
  }
});

test("the connect timeout covers the time for auth", async () => {
  let give = (_auth: unknown): void => {};
  const world = new World({
    auth: () =>
      new Promise((resolve) => {
        give = resolve;
      }),
  });
  world.clock.advance(0);
  await settled();

  world.clock.advance(10_000);
  assert.deepEqual(world.takeEvents(), ["connecting", "connect_timeout", "reconnecting"]);
  give("late");
  await settled();

  assert.equal(world.links.length, 0);
});

// [I-15]
test("a refusal is an error with the server's words, final if the server says so", () => {
  for (const [final, events] of [
    [false, ["connecting", "error", "reconnecting"]],
    [true, ["connecting", "error", "disconnected"]],
  ] as const) {
    const world = new World();
    const errors: GlueError[] = [];
    world.socket.on("error", (error) => errors.push(error));
    world.clock.advance(0);
    world.link.open();

    world.link.receive('in{"error":{"code":"permission_denied","message":"not you","data":{"a":1}}}');
    if (final) world.link.receive("dr");
    // A server that doesn't close the connection then is not waited for endlessly.
    if (final) world.link.lose();
    else world.clock.advance(10_000);

    assert.deepEqual(world.events, events);
    const [error] = errors;
    assert.deepEqual([error?.code, error?.message, error?.data], ["permission_denied", "not you", { a: 1 }]);
  }
});

test("close codes that say more become codes of the error", () => {
  for (const [close, code] of [
    [1009, "resource_exhausted"],
    [1002, "unavailable"],
    [1006, "unavailable"],
  ] as const) {
    const world = new World();
    const errors: GlueError[] = [];
    world.socket.on("error", (error) => errors.push(error));

    world.connect().lose(close);

    assert.deepEqual(
      errors.map(({ code, data }) => ({ code, data })),
      [{ code, data: { status: close } }],
    );
  }
});

// C19
test("ready waits for a session, the end or a signal", async () => {
  const world = new World();
  const controller = new AbortController();
  const settledAs: string[] = [];
  const note = (name: string, ready: Promise<void>): void => {
    ready.then(
      () => settledAs.push(name),
      (error) => settledAs.push(`${name} ${error.code} ${error.cause?.code ?? error.cause}`),
    );
  };
  note("first", world.socket.ready());
  note("aborted", world.socket.ready({ signal: controller.signal }));
  controller.abort("enough");
  await settled();
  assert.deepEqual(settledAs.splice(0), ["aborted cancelled enough"]);

  world.connect();
  note("second", world.socket.ready());
  note("too late", world.socket.ready({ signal: controller.signal }));
  await settled();
  assert.deepEqual(settledAs.splice(0), ["first", "second", "too late cancelled enough"]);
  world.link.fail();
  note("third", world.socket.ready());
  world.clock.advance(1_000);
  world.link.fail();
  world.socket.close();
  note("fourth", world.socket.ready());
  await settled();

  assert.deepEqual(settledAs, ["third unavailable unavailable", "fourth unavailable unavailable"]);
});

// C19
test("listeners of channels can be taken away, and channels closed", () => {
  const world = new World();
  const got: string[] = [];
  const remove = world.socket.onMessage((data) => got.push(`old ${data}`));
  const link = world.connect();
  world.socket.onMessage((data) => got.push(`new ${data}`));
  remove();
  link.receive("cd1&m1");
  world.socket.onMessage(() => got.push("never"))();
  link.receive("cd1&m2");
  const channel = world.socket.channel("a");
  channel.onMessage((data) => got.push(`a ${data}`));
  channel.close();
  link.receive("cd1&a3");

  assert.deepEqual(got, ["new 1"]);
  assert.notEqual(world.socket.channel("a"), channel);
  assert.equal(channel.send("still"), 1);
});

// C1
test("a socket tells what became of a message, as a channel does", () => {
  const world = new World({ resetSendBufferTimeout: 100 });
  assert.equal(world.socket.send("waits"), 0);
  world.connect();
  assert.equal(world.socket.send("goes"), 1);
  world.link.lose();
  assert.equal(world.socket.send("waits"), 0);
  world.clock.advance(100);

  assert.equal(world.socket.send("too late"), -1);
});

// C2
test("a discard callback gets the data as it was given, and may be async", () => {
  const world = new World({ reconnect: false });
  const back: string[] = [];
  world.socket.channel("golang").send("a&b", async (data) => {
    back.push(data);
  });

  world.clock.advance(10_000);

  assert.deepEqual(back, ["a&b"]);
});

// C3
test("a listener that throws as the socket connects keeps nothing from being sent", async (t) => {
  const thrown: unknown[] = [];
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => thrown.push(error));
  t.after(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of before) process.on("uncaughtException", listener);
  });
  const world = new World();
  world.socket.send("1");
  world.socket.on("connected", () => {
    throw new Error("on purpose");
  });

  const link = world.connect();
  await new Promise((resolve) => setImmediate(resolve));

  assert.deepEqual(link.take(), ["cd1&m1"]);
  assert.equal(thrown.length, 1);
});

// C14
test("the error event carries one error", () => {
  const world = new World();
  const got: unknown[][] = [];
  world.socket.on("error", (...args: unknown[]) => got.push(args));

  world.connect().fail();

  assert.equal(got.length, 1);
  assert.equal(got[0]?.length, 1);
  assert.ok(got[0]?.[0] instanceof GlueError);
});

// [T-8] C5
test("a discard callback may close the socket", () => {
  const lost = new World();
  lost.connect({ batch: true });
  lost.socket.channel("m").send("in this session only", () => lost.socket.close(), true);
  lost.takeEvents();
  lost.link.fail();
  lost.clock.advance(60_000);
  const opened = new World();
  opened.socket.send("too long", () => opened.socket.close());
  opened.connect({ batch: true, limit: 5 });
  opened.clock.advance(60_000);

  assert.deepEqual(lost.events, ["error", "reconnecting", "disconnected"]);
  assert.equal(lost.links.length, 1);
  assert.deepEqual(opened.events, ["connecting", "connected", "disconnected"]);
  assert.equal(opened.socket.state(), "disconnected");
  assert.equal(opened.links.length, 1);
});

test("a discard callback may close and revive the socket, which then has one connection", () => {
  const world = new World();
  world.connect({ batch: true });
  const revive = (): void => {
    world.socket.close();
    world.socket.reconnect();
  };
  world.socket.channel("m").send("in this session only", revive, true);
  world.takeEvents();

  world.link.fail();
  world.clock.advance(1_000);
  world.accept();
  world.clock.advance(10_000);

  assert.deepEqual(world.events, ["error", "reconnecting", "disconnected", "reconnecting", "connected"]);
  assert.equal(world.links.length, 2);
});

test("a channel that was closed before doesn't close the one in its place", () => {
  const world = new World();
  const got: string[] = [];
  const first = world.socket.channel("a");
  first.close();
  world.socket.channel("a").onMessage((data) => got.push(data));

  first.close();
  world.connect().receive("cd1&a1");

  assert.deepEqual(got, ["1"]);
});

test("ready is not disturbed by the end of an earlier life", async () => {
  const world = new World();
  let ready: Promise<void> | undefined;
  world.socket.once("connected", () => {
    world.socket.close();
    world.socket.reconnect();
    ready = world.socket.ready();
  });

  world.connect();
  world.clock.advance(1_000);
  world.accept();

  await ready;
});

test("what is no number is not given", () => {
  const world = new World({ connectTimeout: Number.NaN, pingInterval: null as unknown as undefined });
  world.clock.advance(0);

  world.clock.advance(9_999);
  assert.deepEqual(world.takeEvents(), ["connecting"]);
  world.clock.advance(1);

  assert.deepEqual(world.takeEvents(), ["connect_timeout", "reconnecting"]);
});
