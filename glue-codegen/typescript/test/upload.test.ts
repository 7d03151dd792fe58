import assert from "node:assert/strict";
import { test } from "node:test";
import { Rpc } from "../src/rpc/caller.js";
import { staleCheck } from "../src/rpc/stale.js";
import { callWith, streamWith } from "../src/rpc/upload.js";
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

/** Numbers from 0 on, which tell what was done with them. */
class Source implements AsyncIterable<number> {
  readonly #length: number;
  asked = 0;
  returned = 0;
  under = 0;
  most = 0;

  constructor(length = Number.POSITIVE_INFINITY) {
    this.#length = length;
  }

  [Symbol.asyncIterator](): AsyncIterator<number> {
    return {
      next: async () => {
        this.most = Math.max(this.most, ++this.under);
        await Promise.resolve();
        this.under--;
        const value = this.asked++;
        return value < this.#length ? { done: false, value } : { done: true, value: undefined };
      },
      return: async () => {
        this.returned++;
        throw new Error("nobody wants to know");
      },
    };
  }
}

test("items go up as the server grants them, and their end is told", async () => {
  const { link, rpc } = setUp();
  const source = new Source(3);
  const call = callWith<number>(rpc, "sum", { by: 1 }, source);
  await settled();
  assert.deepEqual(link.take(), ['cd1&arq1&sum&{"by":1}']);
  assert.equal(source.asked, 0);

  link.receive("cd1&acr1&1");
  link.receive("cd1&acr1&1");
  await settled();
  assert.deepEqual(link.take(), ["cd1&ait1&0", "cd1&ait1&1"]);
  assert.equal(source.asked, 2);
  link.receive("cd1&acr1&8");
  await settled();
  assert.deepEqual(link.take(), ["cd1&ait1&2", "cd1&aen1&"]);
  link.receive("cd1&acr1&8");
  link.receive("cd1&aok1&3");

  assert.equal(await call, 3);
  assert.deepEqual([source.returned, source.most, rpc.faults], [0, 1, 0]);
  assert.deepEqual(link.take(), []);
});

test("plain iterables go up as well, with promises awaited", async () => {
  const { link, rpc } = setUp();
  const call = callWith(rpc, "f", {}, [1, Promise.resolve(undefined), "x"]);

  link.receive("cd1&acr1&8");
  await settled();
  link.receive("cd1&aok1&null");

  await call;
  assert.deepEqual(link.take(), [
    "cd1&arq1&f&{}",
    "cd1&ait1&1",
    "cd1&ait1&null",
    'cd1&ait1&"x"',
    "cd1&aen1&",
  ]);
});

test("a source that throws cancels the call, which fails with just that", async () => {
  const { link, rpc } = setUp();
  const mistake = new TypeError("mine");
  let returned = false;
  const call = callWith(
    rpc,
    "f",
    {},
    {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(mistake),
        return: async () => {
          returned = true;
          return { done: true as const, value: undefined };
        },
      }),
    },
  );
  link.receive("cd1&acr1&8");

  await assert.rejects(call, (error) => error === mistake);

  assert.deepEqual(link.take(), ["cd1&arq1&f&{}", "cd1&aca1&"]);
  assert.ok(!returned);
  await assert.rejects(
    (() => {
      const bad = callWith(rpc, "f", {}, 5 as never);
      link.receive("cd1&acr3&8");
      return bad;
    })(),
    TypeError,
  );
});

test("what ends the call stops the source", async () => {
  const ends: readonly (readonly [string, (setup: Setup, controller: AbortController) => void])[] = [
    ["ok", ({ link }) => link.receive("cd1&aok1&1")],
    ["application", ({ link }) => link.receive('cd1&aer1&{"code":"application","message":""}')],
    ["internal", ({ link }) => link.receive("cd1&aok1&{")],
    ["cancelled", (_, controller) => controller.abort()],
    ["deadline_exceeded", ({ world }) => world.clock.advance(1_000)],
    ["unavailable", ({ link }) => link.lose()],
    ["stale_client", ({ link }) => link.receive('cd1&ahi&{"methods":{}}')],
  ];
  for (const [name, end] of ends) {
    for (const granted of [false, true]) {
      const world = new World();
      const link = world.connect();
      const rpc = Rpc.open(world.socket, "a", { stale: staleCheck({ f: "01" }) });
      const source = new Source();
      const controller = new AbortController();
      const options = { signal: controller.signal, timeoutMs: 1_000 };
      const call = callWith(rpc, "f", {}, source, options).then(
        () => "ok",
        ({ code }) => code,
      );
      if (granted) link.receive("cd1&acr1&4");
      await settled();

      end({ world, link, rpc }, controller);
      const { asked } = source;
      link.receive("cd1&acr1&4");
      await settled();

      assert.equal(await call, name);
      assert.deepEqual([source.returned, source.asked], [1, asked], name);
    }
  }
});

test("a call that is aborted before it is sent tells its source", async () => {
  const { rpc, link } = setUp();
  const source = new Source();

  await assert.rejects(callWith(rpc, "f", {}, source, { signal: AbortSignal.abort() }), {
    code: "cancelled",
  });

  assert.deepEqual([source.returned, source.asked], [1, 0]);
  assert.deepEqual(link.take(), []);
});

test("an item that comes when the call is over is dropped", async () => {
  const { rpc, link } = setUp();
  const source = new Source();
  const call = callWith(rpc, "f", {}, source);
  link.receive("cd1&acr1&4");

  link.receive("cd1&aok1&1");
  await call;
  await settled();

  assert.deepEqual(link.take(), ["cd1&arq1&f&{}"]);
  assert.deepEqual([source.returned, source.asked], [1, 1]);
});

test("a server that wants no more stops the source, and the answer is waited for", async () => {
  const { rpc, link } = setUp();
  const source = new Source();
  const call = callWith(rpc, "f", {}, source);
  link.receive("cd1&acr1&2");
  await settled();
  link.take();

  link.receive("cd1&aca1&");
  link.receive("cd1&acr1&2");
  await settled();

  assert.deepEqual([source.returned, link.take()], [1, []]);
  link.receive("cd1&aok1&7");
  assert.equal(await call, 7);
  assert.equal(rpc.faults, 0);
});

// [S-3]
test("credit that is too much is cut off, and credit for what sends nothing is a fault", async () => {
  const { rpc, link } = setUp();
  const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  void callWith(rpc, "f", {}, never);
  void rpc.call("f", {});

  for (const text of ["cr1&2147483647", "cr1&1", "cr3&1", "ca3&", "cr7&1"]) link.receive(`cd1&a${text}`);

  assert.equal(rpc.faults, 4);
});

test("what a source cancels as it is stopped is not sent any more", async () => {
  const world = new World();
  const rpc = Rpc.open(world.socket, "a");
  const controller = new AbortController();
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: true, value: 0 }) as const,
      return: async () => {
        controller.abort();
        return { done: true, value: 0 } as const;
      },
    }),
  };
  const upload = callWith(rpc, "upload", { name: "x".repeat(200) }, source);
  const stream = rpc.stream("watch", {}, { signal: controller.signal });
  const item = stream[Symbol.asyncIterator]().next();
  const after = rpc.call("after", {});

  const link = world.connect({ limit: 100 });

  await assert.rejects(upload, { code: "resource_exhausted" });
  await assert.rejects(item, { code: "cancelled" });
  assert.deepEqual(link.take().slice(1), ["cd1&arq3&after&{}"]);
  link.receive("cd1&aok3&1");
  assert.equal(await after, 1);
});

test("an empty text is a source of no items", async () => {
  const { rpc, link } = setUp();
  const call = callWith<number>(rpc, "count", {}, "");
  link.receive("cd1&acr1&8");
  await settled();

  assert.deepEqual(link.take(), ["cd1&arq1&count&{}", "cd1&aen1&"]);
  link.receive("cd1&aok1&0");
  assert.equal(await call, 0);
});

//
test("an item that can't be written or is too long cancels the call and stops the source", async () => {
  for (const [item, code] of [
    [1n, "invalid_argument"],
    [{ x: Number.NaN }, "invalid_argument"],
    [Number.NaN, "invalid_argument"],
    [new Map(), "invalid_argument"],
    ["x".repeat(200), "resource_exhausted"],
  ] as const) {
    const world = new World();
    const link = world.connect({ limit: 100 });
    let returned = false;
    const call = callWith(
      Rpc.open(world.socket, "a"),
      "f",
      {},
      (function* () {
        try {
          yield item;
          yield 2;
        } finally {
          returned = true;
        }
      })(),
    );
    link.receive("cd1&acr1&8");

    await assert.rejects(call, { code, method: "a.f" });

    await settled();
    assert.equal(link.take().at(-1), "cd1&aca1&");
    assert.ok(returned);
  }
});

test("items go both ways, and leaving the loop stops the source", async () => {
  const { rpc, link } = setUp();
  const source = new Source();
  const lines = streamWith<number>(rpc, "twice", {}, source);
  await settled();
  assert.deepEqual([link.take(), source.asked], [[], 0]);
  const got: number[] = [];
  const loop = (async () => {
    for await (const line of lines) {
      got.push(line);
      if (got.length === 2) break;
    }
  })();
  link.receive("cd1&acr1&2");
  await settled();
  assert.deepEqual(link.take(), ["cd1&arq1;c=8&twice&{}", "cd1&ait1&0", "cd1&ait1&1"]);

  for (const item of [0, 2]) link.receive(`cd1&ait1&${item}`);
  await loop;
  await settled();

  assert.deepEqual([got, source.returned], [[0, 2], 1]);
  assert.deepEqual(link.take(), ["cd1&acr1&25", "cd1&aca1&"]);
});

test("the end of what comes down stops what goes up, and the end of what goes up stops nothing", async () => {
  const { rpc, link } = setUp();
  const [short, long] = [new Source(0), new Source()];
  const readers = [short, long].map((source) =>
    streamWith<number>(rpc, "f", {}, source)[Symbol.asyncIterator](),
  );
  const nexts = readers.map((reader) => reader.next());
  link.receive("cd1&acr1&2");
  link.receive("cd1&acr3&2");
  await settled();
  link.take();

  link.receive("cd1&ait1&5");
  link.receive("cd1&aen3&");
  await settled();

  assert.deepEqual(
    (await Promise.all(nexts)).map(({ value }) => value),
    [5, undefined],
  );
  assert.deepEqual([short.returned, long.returned], [0, 1]);
});
