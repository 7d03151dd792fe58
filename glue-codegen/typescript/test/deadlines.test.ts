import assert from "node:assert/strict";
import { test } from "node:test";
import { GlueError } from "../src/errors.js";
import { Rpc } from "../src/rpc/caller.js";
import { handle } from "../src/rpc/handle.js";
import { staleCheck } from "../src/rpc/stale.js";
import { newTraceparent } from "../src/rpc/trace.js";
import { settled } from "./support/fake-clock.js";
import { World } from "./support/fake-transport.js";

const HELLO = 'cd1&ahi&{"peer":"ts/0.1.0"}';
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// [E-12]
test("a call times out by the client's clock, and the server is told of both", async () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a");
  const call = rpc.call("f", {}, { timeoutMs: 500.5 });
  const timedOut = assert.rejects(call, { code: "deadline_exceeded", method: "a.f" });

  world.clock.advance(500);
  assert.deepEqual(link.take(), [HELLO, "cd1&arq1;t=501&f&{}"]);
  world.clock.advance(1);

  await timedOut;
  assert.deepEqual(link.take(), ["cd1&aca1&"]);
  link.receive('cd1&aer1&{"code":"deadline_exceeded","message":""}');
  assert.equal(rpc.faults, 0);
});

test("the wait for a connection counts, and what is left is sent", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a", {}, { timeoutMs: 1_000 });
  const call = rpc.call("f", {});
  const late = assert.rejects(rpc.call("g", {}, { timeoutMs: 200 }), { code: "deadline_exceeded" });
  world.clock.advance(300);

  const link = world.accept();

  await late;
  assert.deepEqual(link.take(), [HELLO, "cd1&arq1;t=700&f&{}"]);
  link.receive("cd1&aok1&1");
  assert.equal(await call, 1);
});

test("the time of a call goes before the channel's, and no limit is one as well", () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a", {}, { timeoutMs: 1_000 });
  const times = [5, undefined, Number.POSITIVE_INFINITY, 2 ** 40, 0.1];

  for (const timeoutMs of times) rpc.call("f", {}, { timeoutMs }).catch(() => {});

  assert.deepEqual(link.take(), [
    HELLO,
    "cd1&arq1;t=5&f&{}",
    "cd1&arq3;t=1000&f&{}",
    "cd1&arq5&f&{}",
    "cd1&arq7;t=2147483647&f&{}",
    "cd1&arq9;t=1&f&{}",
  ]);
});

test("a time that is none is refused", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  world.connect();

  for (const timeoutMs of [0, -1, Number.NaN, Number.NEGATIVE_INFINITY]) {
    const reason = { code: "invalid_argument", message: `timeoutMs is ${timeoutMs}` };
    await assert.rejects(rpc.call("f", {}, { timeoutMs }), reason);
    await assert.rejects(rpc.stream("f", {}, { timeoutMs })[Symbol.asyncIterator]().next(), reason);
  }
  assert.deepEqual(world.link.take(), [HELLO]);
});

test("a stream has its time in all, and what came before is read", async () => {
  const world = new World();
  const link = world.connect();
  const reader = Rpc.open(world.socket, "a").stream("f", {}, { timeoutMs: 500 })[Symbol.asyncIterator]();
  const first = reader.next();
  for (const item of [0, 1]) link.receive(`cd1&ait1&${item}`);
  link.take();

  world.clock.advance(500);

  assert.deepEqual([(await first).value, (await reader.next()).value], [0, 1]);
  await assert.rejects(reader.next(), { code: "deadline_exceeded" });
  assert.deepEqual(link.take(), ["cd1&aca1&"]);
});

test("an answered call and a left stream keep no timer", async () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a");
  const before = world.clock.pending;
  const call = rpc.call("f", {}, { timeoutMs: 500 });
  const reader = rpc.stream("f", {}, { timeoutMs: 500 })[Symbol.asyncIterator]();
  void reader.next();
  assert.equal(world.clock.pending, before + 2);

  link.receive("cd1&aok1&1");
  await reader.return?.();

  assert.equal(await call, 1);
  assert.equal(world.clock.pending, before);
});

// [E-13]
test("a trace goes with calls, streams and notifications, the call's before the channel's", () => {
  const world = new World();
  const link = world.connect();
  let asked = 0;
  const traceparent = (): string => (asked++ ? TRACE : "nonsense");
  const rpc = Rpc.open(world.socket, "a", {}, { traceparent });
  const own = TRACE.replace("-01", "-00");

  void rpc.call("f", {});
  void rpc.call("f", {});
  void rpc.call("f", {}, { traceparent: own, timeoutMs: 9 }).catch(() => {});
  void rpc.stream("f", {})[Symbol.asyncIterator]().next();
  rpc.notify("n", {});
  rpc.notify("n", {}, { traceparent: own });

  assert.deepEqual(link.take(), [
    HELLO,
    "cd1&arq1;tp=nonsense&f&{}",
    `cd1&arq3;tp=${TRACE}&f&{}`,
    `cd1&arq5;t=9;tp=${own}&f&{}`,
    `cd1&arq7;c=8;tp=${TRACE}&f&{}`,
    `cd1&ant;tp=${TRACE}&n&{}`,
    `cd1&ant;tp=${own}&n&{}`,
  ]);
});

// [E-13]
test("a malformed trace stays where the server takes it for none", () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a");
  const zero = /[1-9a-f]/g;
  const [version, trace, span, flags] = TRACE.split("-") as [string, string, string, string];
  const malformed = [
    "",
    "x;t=1&g&",
    `01-${trace}-${span}-${flags}`,
    TRACE.toUpperCase(),
    `${TRACE}-x`,
    `${version}-${trace.replace(zero, "0")}-${span}-${flags}`,
    `${version}-${trace}-${span.replace(zero, "0")}-${flags}`,
  ];

  for (const traceparent of malformed) void rpc.notify("f", {}, { traceparent });

  assert.deepEqual(link.take(), [
    HELLO,
    "cd1&ant&f&{}",
    "cd1&ant;tp=x%3Bt%3D1%26g%26&f&{}",
    ...malformed.slice(2).map((trace) => `cd1&ant;tp=${trace}&f&{}`),
  ]);
});

test("new traces differ, and a part of one keeps its trace", () => {
  const [one, two] = [newTraceparent(), newTraceparent()];
  const form = /^00-[\da-f]{32}-[\da-f]{16}-01$/;

  assert.match(one, form);
  assert.notEqual(one.slice(3, 35), two.slice(3, 35));
  const part = newTraceparent(TRACE);
  assert.match(part, form);
  assert.equal(part.slice(3, 35), TRACE.slice(3, 35));
  assert.notEqual(part.slice(36, 52), TRACE.slice(36, 52));
  assert.match(newTraceparent("nonsense"), form);
});

test("methods that have changed fail, those that haven't work, and a new session starts afresh", async () => {
  const world = new World();
  const link = world.connect();
  const stale = staleCheck({ same: "01", changed: "02", gone: "03" });
  const rpc = Rpc.open(world.socket, "a", { schema: "5f", stale });
  const calls = ["same", "changed", "gone", "unknown"].map((method) => rpc.call(method, {}));
  const failure = (method: string, client: string, server: string | null) => ({
    code: "stale_client",
    method: `a.${method}`,
    data: { method, client, server },
  });
  const settled = [
    assert.rejects(calls[1] as Promise<unknown>, failure("changed", "02", "99")),
    assert.rejects(calls[2] as Promise<unknown>, failure("gone", "03", null)),
  ];
  link.take();

  link.receive('cd1&ahi&{"schema":"60","methods":{"same":"01","changed":"99","new":"07"}}');
  link.receive("cd1&aok1&1");
  link.receive("cd1&aok7&1");

  await Promise.all(settled);
  assert.deepEqual([await calls[0], await calls[3]], [1, 1]);
  assert.deepEqual(link.take(), ["cd1&aca3&", "cd1&aca5&"]);
  await assert.rejects(rpc.call("changed", {}), { code: "stale_client" });
  await assert.rejects(rpc.stream("gone", {})[Symbol.asyncIterator]().next(), { code: "stale_client" });
  assert.throws(() => rpc.notify("gone", {}), { code: "stale_client" });
  assert.deepEqual(link.take(), []);
  link.lose();
  world.clock.advance(1_000);
  const again = rpc.call("changed", {});
  world.accept().receive('cd1&ahi&{"schema":"5f"}');
  world.link.receive("cd1&aok1&2");
  assert.equal(await again, 2);
});

//
test("an event that has changed reaches no listener", () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a", { stale: staleCheck({ same: "01", changed: "02" }) });
  const heard: unknown[] = [];
  for (const event of ["same", "changed", "unknown"]) rpc.on(event, (value) => heard.push([event, value]));

  link.receive('cd1&ahi&{"schema":"60","methods":{"same":"01","changed":"99"}}');
  for (const event of ["changed", "same", "unknown"]) link.receive(`cd1&aev&${event}&1`);

  assert.deepEqual(heard, [
    ["same", 1],
    ["unknown", 1],
  ]);
  assert.equal(rpc.faults, 0);
});

//
test("a method of the client that has changed is not run", async () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a", { stale: staleCheck({ same: "01", changed: "02" }) });
  const run: string[] = [];
  for (const method of ["same", "changed"]) handle(rpc, method, () => run.push(method));
  link.take();

  link.receive('cd1&ahi&{"schema":"60","methods":{"same":"01","changed":"99"}}');
  link.receive("cd1&arq2&changed&{}");
  link.receive("cd1&ant&changed&{}");
  link.receive("cd1&arq4&same&{}");
  await settled();

  assert.deepEqual(run, ["same"]);
  assert.deepEqual(link.take(), [
    'cd1&aer2&{"code":"stale_client","message":"changed has changed","data":{"method":"changed","client":"02","server":"99"}}',
    "cd1&aok4&1",
  ]);
  assert.equal(rpc.faults, 0);
});

test("a greeting that says nothing of methods changes nothing", async () => {
  for (const greeting of ["{}", "null", "5", '{"methods":5}', '{"methods":null}', '{"schema":"60"}']) {
    const world = new World();
    const link = world.connect();
    const rpc = Rpc.open(world.socket, "a", { schema: "5f", stale: staleCheck({ f: "01" }) });
    const call = rpc.call("f", {});

    link.receive(`cd1&ahi&${greeting}`);
    link.receive("cd1&aok1&1");

    assert.equal(await call, 1, greeting);
    assert.equal(rpc.faults, 0);
  }
});

test("failures name their call", async () => {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a");
  const controller = new AbortController();
  const calls = [1, 3, 5, 7].map(() => rpc.call("f", {}, { signal: controller.signal }));
  const named = calls.map((call) =>
    assert.rejects(call, (error: GlueError) => error instanceof GlueError && error.method === "a.f"),
  );

  link.receive('cd1&aer1&{"code":"application","message":"","data":1}');
  link.receive("cd1&aok3&{");
  world.socket.close();
  controller.abort();

  await Promise.all(named);
});
