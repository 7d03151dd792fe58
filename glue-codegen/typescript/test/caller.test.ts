import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { GlueError } from "../src/errors.js";
import { Rpc } from "../src/rpc/caller.js";
import { settled } from "./support/fake-clock.js";
import { World } from "./support/fake-transport.js";

const HELLO = 'cd1&ahi&{"peer":"ts/0.1.0"}';

/** How a promise ended: its value, or `code outcome`. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  let result: unknown = "pending";
  promise.then(
    (value) => {
      result = value;
    },
    (error: GlueError<{ outcome?: string }>) => {
      result = [error.code, error.data?.outcome ?? ""].join(" ").trim();
    },
  );
  await settled();
  return result;
}

test("a call is sent and answered", async () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a", { schema: "5f" });

  const call = rpc.call<number>("add", { x: 1, y: undefined });

  assert.deepEqual(link.take(), ['cd1&ahi&{"schema":"5f","peer":"ts/0.1.0"}', 'cd1&arq1&add&{"x":1}']);
  link.receive('cd1&ahi&{"peer":"rust/0.1.0"}');
  link.receive("cd1&aok1&3");
  assert.equal(await outcome(call), 3);
});

test("answers come in any order and late ones are ignored", async () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a");
  const calls = [rpc.call("f", {}), rpc.call("g", {})] as const;

  link.receive('cd1&aok3&"g"');
  link.receive('cd1&aok1&"f"');
  link.receive("cd1&aok1&2");
  assert.equal(rpc.faults, 0);
  for (const text of ["cr1&1", "ca1&", "it1&1", "en1&"]) link.receive(`cd1&a${text}`);
  assert.equal(rpc.faults, 0);
  for (const text of ["ok5&1", "ok2&1", "xx", "it2&1", "cr5&1", "ca5&", "ca2&", "ev&e&{", "hi&{", "ok1&"])
    link.receive(`cd1&a${text}`);

  assert.deepEqual(await Promise.all(calls), ["f", "g"]);
  assert.equal(rpc.faults, 10);
});

test("a server's error carries code, message and data", async () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a");
  const call = rpc.call("f", {});

  link.receive('cd1&aer1&{"code":"application","message":"no","data":{"reason":"full"}}');

  await assert.rejects(call, (error: GlueError<{ reason: string }>) => {
    assert.ok(error instanceof GlueError);
    assert.deepEqual([error.code, error.message, error.data.reason], ["application", "no", "full"]);
    return true;
  });
});

//
test("malformed answers end the call as internal", async () => {
  for (const answer of ["ok1&{", "it1&1", "en1&", "er1&null", 'er1&{"code":"new"}', "er1&{"]) {
    const world = new World();
    const link = world.connect();
    const call = Rpc.open(world.socket, "a").call("f", {});
    link.take();

    link.receive(`cd1&a${answer}`);

    assert.equal(await outcome(call), "internal", answer);
    assert.deepEqual(link.take(), answer.startsWith("er") ? [] : ["cd1&aca1&"], answer);
  }
});

//
test("calls made before the connection wait for it", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const call = rpc.call("f", {});
  rpc.notify("n", { x: 1 });
  world.clock.advance(0);

  world.accept();

  assert.deepEqual(world.link.take(), [HELLO, "cd1&arq1&f&{}", 'cd1&ant&n&{"x":1}']);
  world.link.receive("cd1&aok1&null");
  assert.equal(await outcome(call), null);
});

test("a call from a connected listener does not overtake the waiting ones", () => {
  const world = new World();
  const open = (): Rpc => Rpc.open(world.socket, "a");
  world.socket.on("connected", () => void open().call("second", {}));
  void open().call("first", {});

  world.connect();

  assert.deepEqual(world.link.take(), [HELLO, "cd1&arq1&first&{}", "cd1&arq3&second&{}"]);
});

//
test("a lost session fails what was under way and keeps what waits", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  world.connect();
  const sent = rpc.call("sent", {});

  world.link.lose();
  const waiting = rpc.call("waiting", {});
  assert.equal(await outcome(sent), "unavailable unknown");
  world.clock.advance(1000);
  world.accept();

  assert.deepEqual(world.link.take(), [HELLO, "cd1&arq1&waiting&{}"]);
  world.link.receive("cd1&aok1&1");
  assert.equal(await outcome(waiting), 1);
});

//
test("the end fails what waits and what comes later", async () => {
  const world = new World({ reconnect: false });
  const rpc = Rpc.open(world.socket, "a");
  const waiting = rpc.call("f", {});
  world.clock.advance(0);

  world.link.fail();

  assert.equal(await outcome(waiting), "unavailable not_sent");
  assert.equal(await outcome(rpc.call("f", {})), "unavailable not_sent");
  assert.equal(await outcome(Rpc.open(world.socket, "b").call("f", {})), "unavailable not_sent");
  assert.throws(() => rpc.notify("n", {}), GlueError);
  world.socket.reconnect();
  const revived = rpc.call("f", {});
  world.clock.advance(1000);
  world.accept().receive("cd1&aok1&1");
  assert.equal(await outcome(revived), 1);
});

//
test("calls wait for a socket that a listener revived, wherever that listener stands", async () => {
  const world = new World({ reconnect: false });
  world.socket.on("disconnected", () => world.socket.reconnect());
  const rpc = Rpc.open(world.socket, "a");
  world.connect().lose();

  const call = rpc.call("f", {});
  world.clock.advance(1000);
  world.accept().receive("cd1&aok1&1");

  assert.equal(await outcome(call), 1);
});

test("close fails calls under way", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  world.connect();
  const call = rpc.call("f", {});

  world.socket.close();

  assert.equal(await outcome(call), "unavailable unknown");
});

//
test("an abort before sending sends nothing", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const controller = new AbortController();
  const call = rpc.call("f", {}, { signal: controller.signal });

  controller.abort("reason");
  world.connect();

  await assert.rejects(call, { code: "cancelled", cause: "reason" });
  assert.deepEqual(world.link.take(), [HELLO]);
  assert.equal(await outcome(rpc.call("f", {}, { signal: controller.signal })), "cancelled");
  assert.deepEqual(world.link.take(), []);
});

//
test("an abort after sending tells the server", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  world.connect().take();
  const controller = new AbortController();
  const call = rpc.call("f", {}, { signal: controller.signal });

  controller.abort();
  world.link.receive("cd1&aok1&1");

  assert.equal(await outcome(call), "cancelled");
  assert.deepEqual(world.link.take(), ["cd1&arq1&f&{}", "cd1&aca1&"]);
  assert.equal(rpc.faults, 0);
});

//
test("an abort settles the call even where the server can't be told", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect();
  const controller = new AbortController();
  const call = rpc.call("f", {}, { signal: controller.signal });
  link.broken = true;

  controller.abort();

  assert.equal(await outcome(call), "cancelled");
  assert.equal(world.socket.state(), "reconnecting");
});

//
test("a request that can't be sent fails its call", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  world.connect().broken = true;

  const call = rpc.call("f", {});

  assert.equal(await outcome(call), "unavailable unknown");
});

test("an abort after the answer does nothing", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect();
  const controller = new AbortController();
  const call = rpc.call("f", {}, { signal: controller.signal });
  link.receive("cd1&aok1&1");
  link.take();

  controller.abort();

  assert.equal(await outcome(call), 1);
  assert.deepEqual(link.take(), []);
});

test("an abort of a call of the last session does not touch this one", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  world.connect();
  const controller = new AbortController();
  const old = rpc.call("f", {}, { signal: controller.signal });
  world.link.lose();
  world.clock.advance(1000);
  world.accept();
  void rpc.call("g", {});
  world.link.take();

  controller.abort();

  assert.equal(await outcome(old), "unavailable unknown");
  assert.deepEqual(world.link.take(), []);
});

test("what waits is bounded in number and in text", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const large = Rpc.open(world.socket, "b");
  for (let call = 0; call < 1000; call++) rpc.call("f", {}).catch(() => {});

  assert.equal(await outcome(rpc.call("f", {})), "resource_exhausted");
  assert.throws(() => rpc.notify("n", {}), { code: "resource_exhausted" });
  assert.equal(await outcome(large.call("f", { x: "x".repeat(2 ** 20) })), "resource_exhausted");
  assert.equal(await outcome(large.call("f", { x: "x".repeat(2 ** 19) })), "pending");
  assert.equal(await outcome(large.call("f", { x: "x".repeat(2 ** 19) })), "resource_exhausted");
});

//
test("arguments that are no json fail the call", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");

  assert.equal(await outcome(rpc.call("f", { x: 1n })), "invalid_argument");
  await assert.rejects(rpc.call("f", { x: 1n }), { method: "a.f" });
  assert.throws(() => rpc.notify("f", { x: 1n }), { code: "invalid_argument" });
  for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => rpc.stream("f", { list: [{ x: number }] }), {
      code: "invalid_argument",
      message: `arguments of f: x is ${number}`,
    });
  }
  rpc.notify("f", { nothing: null });
});

//
test("arguments that json would change without a word fail the call, naming the field", () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const refused: readonly (readonly [unknown, string])[] = [
    [new Date(Number.NaN), "x is Invalid Date"],
    [new Map(), "x is [object Map]"],
    [new Set([1]), "x is [object Set]"],
  ];

  for (const [x, message] of refused) {
    assert.throws(() => rpc.notify("f", { list: [{ y: 1, x }] }), {
      code: "invalid_argument",
      message: `arguments of f: ${message}`,
    });
    assert.throws(() => rpc.notify("f", { list: [x] }), { code: "invalid_argument" });
    assert.throws(() => rpc.notify("f", { x }), { code: "invalid_argument" });
  }
  const kept = [2 ** 53 - 1, 1e17, -1e17, Number.MAX_VALUE, 0.1234567890123456, {}, new Date(0), null];
  rpc.notify("f", { kept, digits: "12345678901234567890" });
  world.connect();

  assert.equal(
    world.link.take().at(-1),
    `cd1&ant&f&${JSON.stringify({ kept, digits: "12345678901234567890" })}`,
  );
});

test("events reach their listeners until removed", () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const got: unknown[] = [];
  const remove = rpc.on<{ user: string }>("joined", ({ user }) => got.push(user));
  const link = world.connect();

  link.receive('cd1&aev&joined&{"user":"ann"}');
  link.receive('cd1&aev&left&{"user":"ann"}');
  remove();
  link.receive('cd1&aev&joined&{"user":"bob"}');

  assert.deepEqual(got, ["ann"]);
});

test("the greeting names the version of the package", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

  assert.equal(HELLO, `cd1&ahi&{"peer":"ts/${version}"}`);
});

test("what is opened twice shares its numbers, its greeting and its events", () => {
  const world = new World();
  const link = world.connect();
  const [one, two] = [Rpc.open(world.socket, "a"), Rpc.open(world.socket, "a", {}, { timeoutMs: 5 })];
  const got: unknown[] = [];
  two.on("e", (event) => got.push(event));

  one.call("f", {});
  two.call("g", {}).catch(() => {});
  link.receive("cd1&aev&e&1");

  assert.deepEqual(link.take(), [HELLO, "cd1&arq1&f&{}", "cd1&arq3;t=5&g&{}"]);
  assert.deepEqual(got, [1]);
});

test("a call that is longer than the server takes fails by itself", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect({ batch: true, limit: 100 });

  await assert.rejects(rpc.call("f", { text: "x".repeat(100) }), { code: "resource_exhausted" });
  assert.throws(() => rpc.notify("f", { text: "x".repeat(100) }), { code: "resource_exhausted" });
  const call = rpc.call("f", {});
  await settled();
  link.receive("cd1&aok3&1");

  assert.equal(await call, 1);
});

test("what goes wrong with the socket is the cause of what fails with it", async () => {
  const world = new World({ reconnect: false });
  const rpc = Rpc.open(world.socket, "a");
  const waiting = rpc.call("f", {});
  world.clock.advance(0);
  world.link.open();
  world.link.receive('in{"error":{"code":"unauthenticated","message":"sign in"}}');
  world.link.lose();

  await assert.rejects(waiting, (error: GlueError) => {
    assert.deepEqual(error.data, { outcome: "not_sent" });
    assert.equal((error.cause as GlueError).code, "unauthenticated");
    return true;
  });
});

//
test("an answer of which only the id can be read ends its call", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect();
  const calls = [1, 3, 5].map(() => assert.rejects(rpc.call("f", {}), { code: "internal" }));
  link.take();

  link.receive("cd1&aok1&");
  link.receive("cd1&aok3");
  link.receive("cd1&aer5;x&1");

  await Promise.all(calls);
  assert.deepEqual(link.take(), ["cd1&aca1&", "cd1&aca3&", "cd1&aca5&"]);
  assert.equal(rpc.faults, 3);
});

//
test("what is no answer and can't be read ends no call", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const link = world.connect();
  const call = rpc.call("f", {});
  link.take();

  for (const text of ["cr1&x", "ca1;x&", "zz1&", "rq1&f", "ev1&f&{}", "ok"]) link.receive(`cd1&a${text}`);
  link.receive("cd1&aok1&2");

  assert.equal(await call, 2);
  assert.deepEqual(link.take(), []);
  assert.equal(rpc.faults, 6);
});

test("a call may be made as soon as the socket is revived", async () => {
  const world = new World({ reconnect: false });
  const rpc = Rpc.open(world.socket, "a");
  let call: Promise<unknown> | undefined;
  world.socket.once("disconnected", () => {
    world.socket.reconnect();
    call = rpc.call("f", {});
  });
  world.connect().lose();
  world.clock.advance(1_000);
  world.accept().receive("cd1&aok1&1");

  assert.equal(await call, 1);
});
