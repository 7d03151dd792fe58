import assert from "node:assert/strict";
import { test } from "node:test";
import { GlueError } from "../src/errors.js";
import { Rpc } from "../src/rpc/caller.js";
import { isError, safe, type Throws } from "../src/rpc/failure.js";
import { interceptors } from "../src/rpc/interceptors.js";
import type { InterceptedCall, Interceptor } from "../src/rpc/options.js";
import { callWith, streamWith } from "../src/rpc/upload.js";
import { settled } from "./support/fake-clock.js";
import { type FakeWebSocket, World } from "./support/fake-transport.js";

const HELLO = 'cd1&ahi&{"peer":"ts/0.1.0"}';

function setUp(...intercept: readonly Interceptor[]): { link: FakeWebSocket; rpc: Rpc } {
  const world = new World();
  const link = world.connect();
  return {
    link,
    rpc: Rpc.open(world.socket, "a", {}, { intercept: interceptors(...intercept), timeoutMs: 500 }),
  };
}

test("a call ends as a value, whatever it ends with", async () => {
  const { link, rpc } = setUp();
  const call = (): Promise<number> & Throws<{ reason: string }> => rpc.call("f", {});
  const results = [1, 3, 5].map(() => safe(call()));

  link.receive("cd1&aok1&7");
  link.receive('cd1&aer3&{"code":"application","message":"no","data":{"reason":"full"}}');
  link.lose();

  const [ok, own, lost] = await Promise.all(results);
  assert.deepEqual(ok, { ok: true, value: 7 });
  assert.ok(!own?.ok && own?.error.code === "application");
  assert.deepEqual(own.error.data, { reason: "full" });
  assert.ok(!lost?.ok && lost?.error.code === "unavailable");
  assert.deepEqual(lost.error.data, { outcome: "unknown" });
  await assert.rejects(safe(Promise.reject(new TypeError("mine"))), TypeError);
});

test("the guard takes only the own error of that method of that channel", async () => {
  const { link, rpc } = setUp();
  const caught = rpc.call("f", {}).catch((error: unknown) => error);
  link.receive('cd1&aer1&{"code":"application","message":"","data":1}');
  const error = await caught;

  assert.ok(isError(error, "a", "f"));
  for (const [channel, method] of [
    ["a", "g"],
    ["b", "f"],
  ] as const)
    assert.ok(!isError(error, channel, method));
  assert.ok(!isError(new GlueError("application", ""), "a", "f"));
  assert.ok(!isError(new GlueError("internal", "", { method: "a.f" }), "a", "f"));
  assert.ok(!isError(new Error("a.f"), "a", "f"));
});

test("interceptors see every kind of call, the first of them first", () => {
  const seen: (string | readonly unknown[])[] = [];
  const log =
    (name: string): Interceptor =>
    (call, next) => {
      const { channel, method, kind, args, options } = call;
      seen.push([name, channel, method, kind, args, options, !!call.items]);
      const result = next(call);
      seen.push(name);
      return result;
    };
  const { rpc } = setUp(log("one"), log("two"));

  void rpc.call("c", { x: 1 }, { timeoutMs: 5 }).catch(() => {});
  assert.deepEqual(seen.splice(0), [
    ["one", "a", "c", "call", { x: 1 }, { timeoutMs: 5 }, false],
    ["two", "a", "c", "call", { x: 1 }, { timeoutMs: 5 }, false],
    "two",
    "one",
  ]);
  rpc.notify("n", {});
  rpc.stream("s", {});
  void callWith(rpc, "u", {}, [1]).catch(() => {});
  streamWith(rpc, "t", {}, [1]);
  assert.deepEqual(
    seen.filter((entry) => entry[0] === "one").map((entry) => entry.slice(2)),
    [
      ["n", "notification", {}, {}, false],
      ["s", "stream", {}, {}, false],
      ["u", "call", {}, {}, true],
      ["t", "stream", {}, {}, true],
    ],
  );
});

test("an interceptor may change arguments, options and items, but not what is called", async () => {
  const { link, rpc } = setUp((call, next) =>
    next({
      ...call,
      method: "other",
      args: { ...call.args, token: "hx7" },
      options: { ...call.options, timeoutMs: 9 },
      items: call.items && ["another"],
    } as InterceptedCall),
  );

  void rpc.call("f", { x: 1 }).catch(() => {});
  rpc.notify("n", {});
  void callWith(rpc, "u", {}, ["one"]).catch(() => {});
  link.receive("cd1&acr3&1");
  await settled();

  assert.deepEqual(link.take(), [
    HELLO,
    'cd1&arq1;t=9&f&{"x":1,"token":"hx7"}',
    'cd1&ant&n&{"token":"hx7"}',
    'cd1&arq3;t=9&u&{"token":"hx7"}',
    'cd1&ait3&"another"',
  ]);
});

test("an interceptor may answer by itself, try again, and see errors", async () => {
  const codes: string[] = [];
  const retry: Interceptor = async (call, next) => {
    if (call.kind !== "call") return next(call);
    try {
      return await next(call);
    } catch (error) {
      codes.push(GlueError.from(error).code);
      return next(call);
    }
  };
  const cache: Interceptor = (call, next) => (call.method === "known" ? Promise.resolve(7) : next(call));
  const { link, rpc } = setUp(retry, cache);

  assert.equal(await rpc.call("known", {}), 7);
  const call = rpc.call("f", {});
  link.receive('cd1&aer1&{"code":"resource_exhausted","message":""}');
  await settled();
  link.receive("cd1&aok3&2");

  assert.equal(await call, 2);
  assert.deepEqual(codes, ["resource_exhausted"]);
  assert.deepEqual(link.take(), [HELLO, "cd1&arq1;t=500&f&{}", "cd1&arq3;t=500&f&{}"]);
});

test("what an interceptor or a provider throws is what the call fails with", async () => {
  const mistake = new TypeError("mine");
  const fail = (): never => {
    throw mistake;
  };
  const { link, rpc } = setUp(fail);
  const world = new World();
  const traced = Rpc.open(world.socket, "a", {}, { traceparent: fail });

  for (const call of [rpc.call("f", {}), callWith(rpc, "f", {}, []), traced.call("f", {})])
    await assert.rejects(call, (error) => error === mistake);
  assert.throws(() => rpc.notify("n", {}), TypeError);
  assert.deepEqual(link.take(), [HELLO]);
});
