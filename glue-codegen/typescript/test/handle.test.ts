import assert from "node:assert/strict";
import { test } from "node:test";
import { GlueError } from "../src/errors.js";
import { MAX_HANDLED } from "../src/proto/limits.js";
import { Rpc } from "../src/rpc/caller.js";
import { handle } from "../src/rpc/handle.js";
import type { HandlerContext } from "../src/rpc/handler.js";
import { settled } from "./support/fake-clock.js";
import { type FakeWebSocket, World } from "./support/fake-transport.js";

interface Setup {
  readonly world: World;
  readonly link: FakeWebSocket;
  readonly rpc: Rpc;
}

function setUp(): Setup {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a");
  link.take();
  return { world, link, rpc };
}

/** Runs `act` and returns what it lets surface as an uncaught error. */
async function uncaught(act: () => void | Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => errors.push(error));
  await act();
  await new Promise((resolve) => setImmediate(resolve));
  process.removeAllListeners("uncaughtException");
  for (const listener of listeners) process.on("uncaughtException", listener);
  return errors;
}

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// [E-12]
test("a call of the server whose parameters make no sense is dropped", async () => {
  const { link, rpc } = setUp();
  handle(rpc, "f", () => 1);

  link.receive("cd1&arq2;t=0&f&{}");
  link.receive("cd1&arq2;c=x&f&{}");
  link.receive("cd1&arq2;t=1%30&f&{}");
  await settled();

  assert.deepEqual(link.take(), ["cd1&aok2&1"]);
  assert.equal(rpc.faults, 2);
});

test("a call of the server is answered by its handler [R-16]", async () => {
  const { link, rpc } = setUp();
  handle(rpc, "confirm", async ({ question }: { question: string }, context: HandlerContext) => [
    question,
    context.signal.aborted,
    context.traceparent ?? "none",
  ]);
  handle(rpc, "nothing", () => {});

  link.receive(`cd1&arq2;tp=${TRACE}&confirm&{"question":"sure?"}`);
  link.receive("cd1&arq4;tp=x&confirm&{}");
  link.receive("cd1&arq6&nothing&{}");
  await settled();

  assert.deepEqual(link.take().sort(), [
    `cd1&aok2&["sure?",false,"${TRACE}"]`,
    'cd1&aok4&[null,false,"none"]',
    "cd1&aok6&null",
  ]);
  assert.equal(rpc.faults, 0);
});

test("no call of the server waits in vain [R-16]", async () => {
  const { link, rpc } = setUp();
  const refused = (id: number, message: string): string =>
    `cd1&aer${id}&{"code":"unimplemented","message":"${message}"}`;

  link.receive("cd1&arq2&confirm&{}");
  link.receive("cd1&ant&confirm&{}");
  assert.deepEqual(link.take(), [refused(2, "no handler")]);
  const unsubscribe = handle(rpc, "other", () => 1);
  link.receive("cd1&arq4&confirm&{}");
  link.receive("cd1&ant&confirm&{}");
  unsubscribe();
  link.receive("cd1&arq6&other&{}");

  await settled();
  assert.deepEqual(link.take(), [refused(4, "no handler of confirm"), refused(6, "no handler of other")]);
  assert.equal(rpc.faults, 0);
});

test("a method has one handler, which can be exchanged", async () => {
  const { world, link, rpc } = setUp();
  const unsubscribe = handle(rpc, "f", () => 1);

  assert.throws(() => handle(rpc, "f", () => 2), { code: "invalid_argument" });
  unsubscribe();
  handle(Rpc.open(world.socket, "a"), "f", () => 3);
  unsubscribe();
  link.receive("cd1&arq2&f&{}");
  await settled();

  assert.deepEqual(link.take(), ["cd1&aok2&3"]);
});

test("what ends a handler ends no later registration of the same function", async () => {
  const { link, rpc } = setUp();
  const one = (): number => 1;
  const unsubscribe = handle(rpc, "f", one);
  unsubscribe();
  handle(rpc, "f", one);

  unsubscribe();
  link.receive("cd1&arq2&f&{}");
  await settled();

  assert.deepEqual(link.take(), ["cd1&aok2&1"]);
});

test("a call that a handler can't make is no error of its own", async () => {
  const { link, rpc } = setUp();
  handle(rpc, "f", () => rpc.call("g", { x: Number.NaN }));
  handle(rpc, "h", () => rpc.notify("g", { x: Number.NaN }));
  handle(rpc, "i", () => void rpc.stream("g", { x: Number.NaN }));

  const errors = await uncaught(() => {
    for (const [id, method] of Object.entries({ 2: "f", 4: "h", 6: "i" })) {
      link.receive(`cd1&arq${id}&${method}&{}`);
    }
  });

  const internal = (id: number): string => `cd1&aer${id}&{"code":"internal","message":"internal error"}`;
  assert.deepEqual(link.take().sort(), [2, 4, 6].map(internal));
  assert.deepEqual(
    errors.map((error) => (error as GlueError).method),
    ["a.g", "a.g", "a.g"],
  );
});

//
test("a request under a number of ours is a fault, whether anything handles calls or not", () => {
  const { link, rpc } = setUp();

  link.receive("cd1&arq1&f&{}");
  handle(rpc, "f", () => 1);
  link.receive("cd1&arq1&f&{}");

  assert.deepEqual(link.take(), []);
  assert.equal(rpc.faults, 2);
});

//
test("a handler fails with its own error or with a code", async () => {
  const { link, rpc } = setUp();
  handle(rpc, "own", (_: unknown, { fail }: HandlerContext<{ reason: string }>) => fail({ reason: "busy" }));
  handle(rpc, "coded", async () => {
    throw new GlueError("permission_denied", "not you", { data: 7 });
  });

  link.receive("cd1&arq2&own&{}");
  link.receive("cd1&arq4&coded&{}");
  await settled();

  assert.deepEqual(link.take(), [
    'cd1&aer2&{"code":"application","message":"application error","data":{"reason":"busy"}}',
    'cd1&aer4&{"code":"permission_denied","message":"not you","data":7}',
  ]);
});

//
test("what nobody meant to throw is told to the page and not to the server", async () => {
  const { link, rpc } = setUp();
  const mistake = new TypeError("the inside");
  const methods: Readonly<Record<string, () => unknown>> = {
    throws: () => {
      throw mistake;
    },
    rejects: () => Promise.reject(mistake),
    big: () => 1n,
    lossy: () => ({ x: Number.NaN }),
    odd: () => new GlueErrorLike(),
    own: () => {
      throw new GlueError("application", "", { data: 1n });
    },
    other: () => {
      throw new GlueError("application", "of another call", { method: "a.f", data: 1 });
    },
  };
  for (const [name, method] of Object.entries(methods)) handle(rpc, name, method);

  const errors = await uncaught(async () => {
    let id = 0;
    for (const name of Object.keys(methods)) {
      id += 2;
      link.receive(`cd1&arq${id}&${name}&{}`);
    }
    await settled();
  });

  const answers = link.take();
  assert.equal(answers.length, 7);
  for (const answer of answers)
    assert.match(answer, /^cd1&aer\d+&{"code":"internal","message":"internal error"}$/);
  assert.equal(errors.length, 7);
  assert.deepEqual(errors.slice(0, 1), [mistake]);
});

/** Can't be written. */
class GlueErrorLike {
  toJSON(): never {
    throw new Error("the inside");
  }
}

test("a notification of the server is handled and never answered", async () => {
  const { link, rpc } = setUp();
  const got: unknown[] = [];
  handle(rpc, "told", (args: unknown) => got.push(args));
  handle(rpc, "bad", () => Promise.reject(new GlueError("application", "")));

  const errors = await uncaught(async () => {
    link.receive('cd1&ant&told&{"x":1}');
    link.receive("cd1&ant&bad&{}");
    await settled();
  });

  assert.deepEqual(got, [{ x: 1 }]);
  assert.equal(errors.length, 1);
  assert.deepEqual(link.take(), []);
});

test("a server that gives up aborts the handler, and hears nothing more", async () => {
  const { link, rpc } = setUp();
  let signal: AbortSignal | undefined;
  handle(rpc, "f", (_: unknown, context: HandlerContext) => {
    signal = context.signal;
    return new Promise((_, reject) => {
      context.signal.addEventListener("abort", () => reject(new Error("aborted")));
    });
  });
  link.receive("cd1&arq2&f&{}");

  const errors = await uncaught(async () => {
    link.receive("cd1&aca2&");
    link.receive("cd1&aca2&");
    await settled();
  });

  assert.ok(signal?.aborted);
  assert.deepEqual([link.take(), errors, rpc.faults], [[], [], 0]);
});

// [E-12]
test("a handler's time runs out by the client's clock", async () => {
  const { world, link, rpc } = setUp();
  const signals: AbortSignal[] = [];
  handle(rpc, "slow", (_: unknown, { signal }: HandlerContext) => {
    signals.push(signal);
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(1)));
  });
  handle(rpc, "fast", () => 2);
  const { pending } = world.clock;
  link.receive("cd1&arq2;t=500&slow&{}");
  link.receive("cd1&arq4;t=500&fast&{}");
  await settled();
  assert.equal(world.clock.pending, pending + 1);

  world.clock.advance(500);
  await settled();

  assert.ok(signals[0]?.aborted);
  assert.deepEqual(link.take(), [
    "cd1&aok4&2",
    'cd1&aer2&{"code":"deadline_exceeded","message":"timed out"}',
  ]);
});

test("the clock of a call that has ended stands still, though its handler never ends", async () => {
  const { world, link, rpc } = setUp();
  handle(rpc, "f", () => new Promise(() => {}));
  const { pending } = world.clock;
  link.receive("cd1&arq2;t=500&f&{}");
  link.receive("cd1&arq4;t=500&f&{}");
  await settled();
  assert.equal(world.clock.pending, pending + 2);

  link.receive("cd1&aca2&");
  assert.equal(world.clock.pending, pending + 1);
  world.socket.close();
  await settled();

  assert.equal(world.clock.pending, 0);
});

test("the end of the session aborts, and the next one begins anew", async () => {
  const { world, link, rpc } = setUp();
  let finish: (value: number) => void = () => {};
  const signals: AbortSignal[] = [];
  handle(rpc, "f", (_: unknown, { signal }: HandlerContext) => {
    signals.push(signal);
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  link.receive("cd1&arq2&f&{}");
  link.lose();
  assert.ok(signals[0]?.aborted);
  const old = finish;
  world.clock.advance(1_000);
  const next = world.accept();
  next.take();

  next.receive("cd1&arq2&f&{}");
  old(1);
  await settled();
  assert.deepEqual(next.take(), []);
  finish(2);
  await settled();

  assert.deepEqual(next.take(), ["cd1&aok2&2"]);
});

//
test("numbers that are used, odd or unknown are faults and are not answered", async () => {
  const { link, rpc } = setUp();
  let runs = 0;
  handle(rpc, "f", () => ++runs);

  for (const text of ["rq4&f&{}", "rq4&f&{}", "rq2&f&{}", "rq5&f&{}", "ca6&", "it4&1", "cr4&1"])
    link.receive(`cd1&a${text}`);
  await settled();

  assert.deepEqual([runs, link.take(), rpc.faults], [1, ["cd1&aok4&1"], 6]);
});

test("handlers that run are bounded, cancelled or not [L-16]", async () => {
  const { link, rpc } = setUp();
  const finish: (() => void)[] = [];
  handle(rpc, "f", () => new Promise<void>((resolve) => finish.push(resolve)));
  for (let call = 1; call <= MAX_HANDLED; call++) link.receive(`cd1&arq${call * 2}&f&{}`);
  link.receive("cd1&aca2&");

  link.receive("cd1&arq200&f&{}");
  link.receive("cd1&ant&f&{}");

  const refused = 'cd1&aer200&{"code":"resource_exhausted","message":"too many calls under way"}';
  assert.deepEqual([link.take(), finish.length], [[refused], MAX_HANDLED]);
  finish[1]?.();
  await settled();
  link.receive("cd1&arq202&f&{}");
  assert.deepEqual([link.take(), finish.length], [["cd1&aok4&null"], MAX_HANDLED + 1]);
});

//
test("arguments that are no object are refused", async () => {
  const { link, rpc } = setUp();
  handle(rpc, "f", () => 1);

  let id = 0;
  for (const args of ["{", "null", "5", "[]", '"x"']) {
    id += 2;
    link.receive(`cd1&arq${id}&f&${args}`);
    link.receive(`cd1&ant&f&${args}`);
  }
  await settled();

  const answers = link.take();
  assert.equal(answers.length, 5);
  for (const answer of answers) assert.match(answer, /"invalid_argument","message":"f: /);
});

test("an answer that is longer than the server takes is refused as such", async () => {
  const world = new World();
  const link = world.connect({ limit: 120 });
  const rpc = Rpc.open(world.socket, "a");
  handle(rpc, "f", () => "x".repeat(200));
  link.take();

  link.receive("cd1&arq2&f&{}");
  await settled();

  assert.match(link.take()[0] ?? "", /^cd1&aer2&{"code":"resource_exhausted"/);
});

test("what is called at the end of a session comes behind the greeting of the next", async () => {
  const { world, link, rpc } = setUp();
  handle(rpc, "f", (_: unknown, { signal }: HandlerContext) => {
    signal.addEventListener("abort", () => void rpc.call("g", {}));
    return new Promise(() => {});
  });
  link.receive("cd1&arq2&f&{}");

  link.lose();
  world.clock.advance(1_000);
  const next = world.accept();

  assert.deepEqual(next.take(), ['cd1&ahi&{"peer":"ts/0.1.0"}', "cd1&arq1&g&{}"]);
});
