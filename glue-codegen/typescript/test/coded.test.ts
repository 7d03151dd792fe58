import assert from "node:assert/strict";
import { test } from "node:test";
import {
  array,
  bigint,
  bytes,
  type CodecTable,
  codedHandler,
  codedListener,
  codedOptions,
  date,
  map,
  object,
  once,
} from "../src/codec/index.js";
import { GlueError } from "../src/errors.js";
import { Rpc } from "../src/rpc/caller.js";
import { isError } from "../src/rpc/failure.js";
import { handle } from "../src/rpc/handle.js";
import type { HandlerContext } from "../src/rpc/handler.js";
import type { ChannelOptions, InterceptedCall } from "../src/rpc/options.js";
import { staleCheck } from "../src/rpc/stale.js";
import { callWith, streamWith } from "../src/rpc/upload.js";
import { settled } from "./support/fake-clock.js";
import { type FakeWebSocket, World } from "./support/fake-transport.js";

const CODECS: CodecTable = once(() => ({
  get: {
    args: object({ id: bigint }, { at: date }),
    answer: object({ total: bigint }),
    error: object({ missing: bigint }),
  },
  watch: { args: object({ id: bigint }), answer: bigint, error: object({ missing: bigint }) },
  upload: { items: bytes, answer: bigint, error: bigint },
  echo: { items: bigint, answer: date },
  touch: { args: object({ at: date }) },
  changed: { args: object({ balances: map(bigint, date) }) },
  confirm: { args: object({ amount: bigint }), answer: date, error: object({ missing: bigint }) },
}));

interface Setup {
  readonly world: World;
  readonly link: FakeWebSocket;
  readonly rpc: Rpc;
}

function setUp(options?: ChannelOptions): Setup {
  const world = new World();
  const link = world.connect();
  const rpc = Rpc.open(world.socket, "a", {}, codedOptions(CODECS, options));
  link.take();
  return { world, link, rpc };
}

/** What a `GlueError` says of itself. */
function of(code: string, message: string, method?: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof GlueError);
    assert.deepEqual([error.code, error.message, error.method], [code, message, method]);
    return true;
  };
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

test("arguments and answers of a call are coded", async () => {
  const { link, rpc } = setUp();

  const call = rpc.call("get", { id: 5n, at: new Date(0) });
  const other = rpc.call("other", { id: 5 });

  assert.deepEqual(link.take(), [
    'cd1&arq1&get&{"id":"5","at":"1970-01-01T00:00:00.000Z"}',
    'cd1&arq3&other&{"id":5}',
  ]);
  link.receive('cd1&aok1&{"total":"7","name":"x"}');
  link.receive('cd1&aok3&{"total":"7"}');
  assert.deepEqual(await call, { total: 7n, name: "x" });
  assert.deepEqual(await other, { total: "7" });
});

// [V-6]
test("arguments that don't fit are refused before anything is sent", async () => {
  const { link, rpc } = setUp();

  await assert.rejects(
    rpc.call("get", { id: 5 }),
    of("invalid_argument", "arguments of `get`: id: a bigint of at most 128 bits expected", "a.get"),
  );
  await assert.rejects(
    rpc.call("get", { id: 5n, at: new Date(Number.NaN) }),
    of("invalid_argument", "arguments of `get`: at: a Date of the years 0 to 9999 expected", "a.get"),
  );
  const message = "arguments of `touch`: at: a Date of the years 0 to 9999 expected";
  assert.throws(() => rpc.notify("touch", { at: "now" }), of("invalid_argument", message, "a.touch"));
  assert.throws(
    () => rpc.stream("watch", {}),
    of("invalid_argument", "arguments of `watch`: id: a value expected", "a.watch"),
  );
  assert.deepEqual(link.take(), []);
});

// [V-7]
test("an answer that doesn't fit fails the call, and says where", async () => {
  const { link, rpc } = setUp();

  const call = rpc.call("get", { id: 5n });
  link.receive('cd1&aok1&{"total":7}');

  await assert.rejects(call, of("internal", "answer of `get`: total: a string of digits expected", "a.get"));
});

test("notifications are coded", () => {
  const { link, rpc } = setUp();

  rpc.notify("touch", { at: new Date(0) });

  assert.deepEqual(link.take(), ['cd1&ant&touch&{"at":"1970-01-01T00:00:00.000Z"}']);
});

test("the data of a method's own error is decoded, and no other's", async () => {
  const { link, rpc } = setUp();
  const calls = [rpc.call("get", { id: 5n }), rpc.call("get", { id: 5n }), rpc.call("get", { id: 5n })];
  link.receive('cd1&aer1&{"code":"application","message":"no","data":{"missing":"3"}}');
  link.receive('cd1&aer3&{"code":"unavailable","message":"no","data":{"missing":"3"}}');
  link.receive('cd1&aer5&{"code":"application","message":"no","data":{"missing":3}}');

  const [own, other, wrong] = await Promise.allSettled(calls);

  assert.ok(own?.status === "rejected" && isError<{ missing: bigint }>(own.reason, "a", "get"));
  assert.deepEqual(own.reason.data, { missing: 3n });
  assert.ok(other?.status === "rejected");
  assert.deepEqual(other.reason.data, { missing: "3" });
  assert.ok(wrong?.status === "rejected");
  of("internal", "error of `get`: missing: a string of digits expected", "a.get")(wrong.reason);
});

test("items of a stream are decoded, and so is its error", async () => {
  const { link, rpc } = setUp();
  const items: unknown[] = [];
  const run = (async () => {
    for await (const item of rpc.stream("watch", { id: 1n })) items.push(item);
  })();
  await settled();
  assert.deepEqual(link.take(), ['cd1&arq1;c=8&watch&{"id":"1"}']);

  link.receive('cd1&ait1&"1"');
  link.receive('cd1&ait1&"2"');
  link.receive('cd1&aer1&{"code":"application","message":"no","data":{"missing":"3"}}');

  await assert.rejects(run, (error: GlueError<unknown>) => {
    assert.deepEqual(error.data, { missing: 3n });
    return isError(error, "a", "watch");
  });
  assert.deepEqual(items, [1n, 2n]);
});

// [V-7]
test("an item that doesn't fit ends the stream, behind those before it, and cancels it at the server", async () => {
  const { link, rpc } = setUp();
  const iterator = rpc.stream("watch", { id: 1n })[Symbol.asyncIterator]();
  const first = iterator.next();
  link.take();
  for (const item of ['"1"', "2", '"3"']) link.receive(`cd1&ait1&${item}`);

  assert.deepEqual(await first, { done: false, value: 1n });
  await assert.rejects(
    iterator.next(),
    of("internal", "item of `watch`: a string of digits expected", "a.watch"),
  );
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });

  assert.equal(link.take().at(-1), "cd1&aca1&");
});

test("leaving a stream reaches the server, and so does a signal", async () => {
  const { link, rpc } = setUp();
  const controller = new AbortController();
  const left = rpc.stream("watch", { id: 1n })[Symbol.asyncIterator]();
  const aborted = rpc.stream("watch", { id: 1n }, { signal: controller.signal })[Symbol.asyncIterator]();
  const waiting = [left.next(), aborted.next()];
  link.take();

  await left.return?.();
  controller.abort();

  assert.deepEqual(await waiting[0], { done: true, value: undefined });
  await assert.rejects(waiting[1] as Promise<unknown>, { code: "cancelled" });
  assert.deepEqual(link.take(), ["cd1&aca1&", "cd1&aca3&"]);
});

test("items of the client are encoded as they are asked for", async () => {
  const { link, rpc } = setUp();
  let made = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (;;) yield new Uint8Array([made++]);
  }

  const call = callWith<bigint>(rpc, "upload", {}, chunks());
  link.receive("cd1&acr1&2");
  await settled();

  assert.deepEqual(link.take(), ["cd1&arq1&upload&{}", 'cd1&ait1&"AA=="', 'cd1&ait1&"AQ=="']);
  assert.equal(made, 2);
  link.receive('cd1&aok1&"12"');
  assert.equal(await call, 12n);
});

test("a source that isn't asynchronous may give promises, and streams go both ways", async () => {
  const { link, rpc } = setUp();
  const items = [Promise.resolve(1n), 2n];
  const iterator = streamWith<Date>(rpc, "echo", {}, items)[Symbol.asyncIterator]();
  const first = iterator.next();
  link.receive("cd1&acr1&8");
  await settled();

  link.receive('cd1&ait1&"1970-01-01T00:00:00Z"');

  assert.deepEqual(await first, { done: false, value: new Date(0) });
  assert.deepEqual(link.take().slice(0, 4), [
    "cd1&arq1;c=8&echo&{}",
    'cd1&ait1&"1"',
    'cd1&ait1&"2"',
    "cd1&aen1&",
  ]);
});

// [V-6]
test("an item of the client that doesn't fit cancels the call, and the source is told", async () => {
  const { link, rpc } = setUp();
  let ended = 0;
  const source = {
    next: () => ({ done: false as const, value: [1] }),
    return: () => {
      ended++;
      throw new Error("nobody wants to know");
    },
    [Symbol.iterator]() {
      return this;
    },
  };
  const call = callWith(rpc, "upload", {}, source);
  link.take();

  link.receive("cd1&acr1&2");

  await assert.rejects(call, of("invalid_argument", "item of `upload`: a Uint8Array expected", "a.upload"));
  assert.deepEqual([link.take(), ended], [["cd1&aca1&"], 1]);
});

test("a source that nothing was asked of is told that nobody wants more", async () => {
  const { link, rpc } = setUp();
  let returned = false;
  const source = {
    next: () => ({ done: false as const, value: new Uint8Array() }),
    return: () => {
      returned = true;
      return { done: true as const, value: undefined };
    },
    [Symbol.iterator]() {
      return this;
    },
  };
  const call = callWith(rpc, "upload", {}, source);

  link.receive('cd1&aok1&"0"');

  assert.equal(await call, 0n);
  await settled();
  assert.ok(returned);
});

test("what a source fails with is the call's failure, and isn't decoded twice", async () => {
  const { link, rpc } = setUp();
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array();
    await callWith(rpc, "upload", {}, []);
  }
  const call = callWith(rpc, "upload", {}, failing());
  link.receive("cd1&acr1&2");
  await settled();

  link.receive('cd1&aer3&{"code":"application","message":"no","data":"7"}');

  await assert.rejects(call, (error: GlueError) => error.data === 7n);
});

test("interceptors see what the application gives and gets", async () => {
  const seen: unknown[] = [];
  const { link, rpc } = setUp({
    intercept(call, next) {
      const { kind, args } = call as InterceptedCall & { args: { id: bigint } };
      seen.push(args);
      if (kind !== "call") return next(call);
      const answer = next({ ...call, kind, args: { id: args.id + 1n } } as never) as Promise<{
        total: bigint;
      }>;
      return answer.then(
        ({ total }) => {
          seen.push(total);
          return { total: total * 2n };
        },
        (error: GlueError) => {
          seen.push(error.data);
          throw error;
        },
      );
    },
  });

  const calls = [rpc.call("get", { id: 1n }), rpc.call("get", { id: 2n })];
  link.receive('cd1&aok1&{"total":"7"}');
  link.receive('cd1&aer3&{"code":"application","message":"no","data":{"missing":"3"}}');
  await Promise.allSettled(calls);

  assert.deepEqual(link.take(), ['cd1&arq1&get&{"id":"2"}', 'cd1&arq3&get&{"id":"3"}']);
  assert.deepEqual(await calls[0], { total: 14n });
  assert.deepEqual(seen, [{ id: 1n }, { id: 2n }, 7n, { missing: 3n }]);
});

test("an interceptor can't make another call of one", async () => {
  const { link, rpc } = setUp({
    intercept: (call, next) => next({ ...call, method: "watch", kind: "stream" } as never),
  });

  const call = rpc.call("get", { id: 1n });
  link.receive('cd1&aer1&{"code":"application","message":"no","data":{"missing":"3"}}');

  await assert.rejects(call, (error: GlueError) => {
    assert.deepEqual(error.data, { missing: 3n });
    return isError(error, "a", "get");
  });
  assert.deepEqual(link.take(), ['cd1&arq1&get&{"id":"1"}']);
});

test("an interceptor may try again, and sees refused arguments as a failure", async () => {
  let attempts = 0;
  const { link, rpc } = setUp({
    intercept: async (call, next) => {
      for (;;) {
        attempts++;
        try {
          return await next(call);
        } catch (error) {
          if (attempts > 1) throw error;
        }
      }
    },
  });

  const call = rpc.call("get", { id: 1n });
  link.receive('cd1&aer1&{"code":"unavailable","message":"later"}');
  await settled();
  link.receive('cd1&aok3&{"total":"1"}');
  assert.deepEqual(await call, { total: 1n });
  assert.deepEqual(link.take(), ['cd1&arq1&get&{"id":"1"}', 'cd1&arq3&get&{"id":"1"}']);

  attempts = 0;
  await assert.rejects(rpc.call("get", { id: 1 }), { code: "invalid_argument" });
  assert.equal(attempts, 2);
});

test("options of the channel hold for coded calls", () => {
  const { link, rpc } = setUp({ timeoutMs: 500, traceparent: () => "t" });

  rpc.call("get", { id: 1n }).catch(() => {});

  assert.deepEqual(link.take(), ['cd1&arq1;t=500;tp=t&get&{"id":"1"}']);
});

test("a method that has changed fails before its answer is looked at", async () => {
  const world = new World();
  const link = world.connect();
  const contract = { schema: "5f", stale: staleCheck({ get: "01", changed: "02" }) };
  const rpc = Rpc.open(world.socket, "a", contract, codedOptions(CODECS));
  const call = rpc.call("get", { id: 1n });
  const events: unknown[] = [];
  rpc.on(
    "changed",
    codedListener(CODECS, rpc, "changed", (event) => events.push(event)),
  );

  link.receive('cd1&ahi&{"methods":{"get":"99"}}');
  link.receive('cd1&aev&changed&{"balances":[]}');

  await assert.rejects(call, { code: "stale_client" });
  assert.deepEqual([events, rpc.faults], [[], 0]);
});

test("events are decoded for each listener", () => {
  const { link, rpc } = setUp();
  const events: { balances: Map<bigint, Date> }[] = [];
  const listener = (event: { balances: Map<bigint, Date> }): unknown => events.push(event);
  rpc.on("changed", codedListener(CODECS, rpc, "changed", listener));
  const end = rpc.on("changed", codedListener(CODECS, rpc, "changed", listener));

  link.receive('cd1&aev&changed&{"balances":[["1","1970-01-01T00:00:00Z"]]}');
  end();
  link.receive('cd1&aev&changed&{"balances":[]}');

  const first = { balances: new Map([[1n, new Date(0)]]) };
  assert.deepEqual(events, [first, first, { balances: new Map() }]);
  assert.notEqual(events[0]?.balances, events[1]?.balances);
});

// [V-7]
test("an event that doesn't fit is a fault, and listeners don't hear of it", () => {
  const { link, rpc } = setUp();
  const events: unknown[] = [];
  rpc.on(
    "changed",
    codedListener(CODECS, rpc, "changed", (event) => events.push(event)),
  );
  const plain = (event: unknown): unknown => events.push(event);

  link.receive('cd1&aev&changed&{"balances":{}}');

  assert.deepEqual([events, rpc.faults], [[], 1]);
  assert.equal(codedListener(CODECS, rpc, "other", plain), plain);
});

test("handlers get arguments decoded and answer with what is encoded", async () => {
  const { link, rpc } = setUp();
  type Context = HandlerContext<{ missing: bigint }>;
  const confirm = async ({ amount }: { amount: bigint }, { fail }: Context): Promise<Date> =>
    amount > 9n ? fail({ missing: amount - 9n }) : new Date(Number(amount));
  handle(rpc, "confirm", codedHandler(CODECS, "confirm", confirm));

  link.receive('cd1&arq2&confirm&{"amount":"5"}');
  link.receive('cd1&arq4&confirm&{"amount":"10"}');
  await settled();

  assert.deepEqual(link.take(), [
    'cd1&aok2&"1970-01-01T00:00:00.005Z"',
    'cd1&aer4&{"code":"application","message":"application error","data":{"missing":"1"}}',
  ]);
  assert.equal(codedHandler(CODECS, "other", confirm), confirm);
});

// [V-6] [V-7]
test("arguments for a handler that don't fit are refused", async () => {
  const { link, rpc } = setUp();
  let calls = 0;
  handle(
    rpc,
    "confirm",
    codedHandler(CODECS, "confirm", () => ++calls),
  );

  const surfaced = await uncaught(async () => {
    link.receive('cd1&arq2&confirm&{"amount":5}');
    await settled();
  });

  assert.deepEqual(link.take(), [
    'cd1&aer2&{"code":"invalid_argument","message":"arguments of `confirm`: amount: a string of digits expected"}',
  ]);
  assert.deepEqual([calls, surfaced], [0, []]);
});

// [V-6]
test("an answer of a handler that doesn't fit is ours to know, and internal for the server", async () => {
  const { link, rpc } = setUp();
  const confirm = ({ amount }: { amount: bigint }, { fail }: HandlerContext<unknown>): unknown =>
    amount ? "soon" : fail({ missing: 1 });
  handle(rpc, "confirm", codedHandler(CODECS, "confirm", confirm));

  const surfaced = await uncaught(async () => {
    link.receive('cd1&arq2&confirm&{"amount":"5"}');
    await settled();
    link.receive('cd1&arq4&confirm&{"amount":"0"}');
    await settled();
  });

  const internal = '{"code":"internal","message":"internal error"}';
  assert.deepEqual(link.take(), [`cd1&aer2&${internal}`, `cd1&aer4&${internal}`]);
  assert.deepEqual(
    surfaced.map((error) => (error as Error).message),
    [
      "value of `confirm`: a Date of the years 0 to 9999 expected",
      "error of `confirm`: missing: a bigint of at most 128 bits expected",
    ],
  );
});

test("a handler's failure that belongs to another call isn't passed on as its own", async () => {
  const { link, rpc } = setUp();
  handle(
    rpc,
    "confirm",
    codedHandler(CODECS, "confirm", () => rpc.call("get", { id: 1n })),
  );

  const surfaced = await uncaught(async () => {
    link.receive('cd1&arq2&confirm&{"amount":"5"}');
    await settled();
    link.take();
    link.receive('cd1&aer1&{"code":"application","message":"no","data":{"missing":"3"}}');
    await settled();
  });

  assert.deepEqual(link.take(), ['cd1&aer2&{"code":"internal","message":"internal error"}']);
  assert.equal((surfaced[0] as GlueError).method, "a.get");
});

test("values nested too deep are refused like others", async () => {
  const deep = (): ReturnType<typeof array> => array((value, way) => deep()(value, way));
  const codecs: CodecTable = once(() => ({ get: { answer: deep() } }));
  const world = new World();
  const link = world.connect();
  const call = Rpc.open(world.socket, "a", {}, codedOptions(codecs)).call("get", {});

  link.receive(`cd1&aok1&${"[".repeat(100_000)}${"]".repeat(100_000)}`);

  await assert.rejects(call, { code: "internal" });
});
