import assert from "node:assert/strict";
import { test } from "node:test";
import { GlueError } from "../src/errors.js";
import { AjaxTransport } from "../src/transport/ajax.js";
import { FakeClock, settled } from "./support/fake-clock.js";
import { FakeFetch, type FakeRequest } from "./support/fake-fetch.js";

const UID = "0123456789";

/** A transport whose server and page are the test. */
class World {
  readonly clock = new FakeClock();
  readonly network = new FakeFetch();
  readonly told: string[] = [];
  readonly transport = new AjaxTransport("http://host/glue/ajax", this.network.fetch, this.clock);
  error: GlueError | undefined;

  constructor() {
    this.transport.open({
      onOpen: () => this.told.push("open"),
      onText: (text) => this.told.push(`text ${text}`),
      onReady: () => this.told.push("ready"),
      onLeave: () => this.told.push("leave"),
      onClose: (error) => {
        this.error = error;
        this.told.push(error ? "error" : "close");
      },
    });
  }

  /** Answers the init; returns the first poll. */
  async open(): Promise<FakeRequest> {
    await this.network.take("i").answer(`${UID}&tokenaa`);
    return this.network.take(`o${UID}&tokenaa`);
  }

  take(): string[] {
    return this.told.splice(0);
  }
}

async function connected(): Promise<World & { poll: FakeRequest }> {
  const world = new World();
  const poll = await world.open();
  assert.deepEqual(world.take(), ["open"]);
  return Object.assign(world, { poll });
}

test("a session is asked for, and polled before it counts as open", async () => {
  const world = new World();
  const init = world.network.take("i");
  assert.equal(init.url, "http://host/glue/ajax");
  assert.deepEqual([init.init.method, init.init.redirect, init.init.keepalive], ["POST", "manual", false]);
  assert.equal(world.transport.ready, false);

  await init.answer(`${UID}&tokenaa`);

  assert.deepEqual(world.network.bodies, [`o${UID}&tokenaa`]);
  assert.deepEqual(world.take(), ["open"]);
  assert.equal(world.transport.ready, true);
});

//
test("each message is confirmed by the next poll before it is handled", async () => {
  const { poll, network, take, told } = await connected();
  void take;

  await poll.answer("tokenbb&cd1&mone");
  assert.deepEqual(told.splice(0), ["text cd1&mone"]);
  await network.take(`o${UID}&tokenbb`).answer("tokencc&&");

  assert.deepEqual(told.splice(0), ["text &"]);
  assert.deepEqual(network.bodies, [`o${UID}&tokencc`]);
});

//
test("a poll that ran out is repeated with its token", async () => {
  const { poll, network, told } = await connected();

  await poll.answer("t");

  assert.deepEqual(network.bodies, [`o${UID}&tokenaa`]);
  assert.deepEqual(told, []);
});

test("the end that the server tells is no error", async () => {
  const world = await connected();

  await world.poll.answer("c");

  assert.deepEqual(world.take(), ["close"]);
  assert.equal(world.error, undefined);
  assert.deepEqual(world.network.bodies, []);
});

//
test("a poll whose connection breaks is asked once more, a second break is the end", async () => {
  const world = await connected();

  await world.poll.fail();
  const second = world.network.take(`o${UID}&tokenaa`);
  assert.deepEqual(world.take(), []);
  await second.answer("tokenbb&hi");
  assert.deepEqual(world.take(), ["text hi"]);
  await world.network.take(`o${UID}&tokenbb`).fail();
  await world.network.take(`o${UID}&tokenbb`).fail();

  assert.deepEqual(world.take(), ["error"]);
  assert.equal(world.error?.code, "unavailable");
  assert.ok(world.error?.cause instanceof TypeError);
});

test("an answer that breaks off is asked for again", async () => {
  const world = await connected();

  world.poll.begin(200, () => Promise.reject(new TypeError("terminated")));
  await settled();
  await world.network.take(`o${UID}&tokenaa`).answer("tokenbb&whole");

  assert.deepEqual(world.take(), ["text whole"]);
});

// [T-4] C4
test("there is one push at a time", async () => {
  const world = await connected();

  world.transport.send("one");
  assert.equal(world.transport.ready, false);
  assert.equal(world.transport.unsent, 3);
  const push = world.network.take(`u${UID}&one`);
  assert.deepEqual(world.network.bodies, []);
  await push.answer("");

  assert.deepEqual(world.take(), ["ready"]);
  assert.equal(world.transport.ready, true);
  assert.equal(world.transport.unsent, 0);
});

// [K-2]
test("a long push has time to get out, and is no stalled link; a short one that takes long is", async () => {
  const world = await connected();
  assert.equal(world.transport.stalled(), true);

  world.transport.send("x".repeat(20_000));
  assert.equal(world.transport.stalled(), false);
  await world.network.take(`u${UID}&${"x".repeat(20_000)}`).answer("");
  world.transport.send("pi");

  assert.equal(world.transport.stalled(), true);
});

test("nothing is said to a server that has ended the session", async () => {
  const world = await connected();

  await world.poll.answer("c");
  world.transport.close([]);
  await settled();

  assert.deepEqual(world.network.bodies, []);
});

test("a push that fails is not repeated, as it may have arrived", async () => {
  const world = await connected();

  world.transport.send("one");
  await world.network.take(`u${UID}&one`).fail();

  assert.deepEqual(world.take(), ["error"]);
  assert.deepEqual(world.network.bodies, []);
  assert.ok(world.poll.init.signal.aborted);
});

for (const [status, code] of [
  [400, "unavailable"],
  [401, "unauthenticated"],
  [403, "permission_denied"],
  [413, "resource_exhausted"],
  [502, "unavailable"],
] as const) {
  test(`status ${status} of any request is the end, as ${code}`, async () => {
    const init = new World();
    await init.network.take("i").answer("<html>", status);
    const poll = await connected();
    await poll.poll.answer("tokenbb&hi", status);
    const push = await connected();
    push.transport.send("x");
    await push.network.take(`u${UID}&x`).answer("", status);

    for (const world of [init, poll, push]) {
      assert.deepEqual(world.take(), ["error"]);
      assert.equal(world.error?.code, code);
      assert.deepEqual(world.error?.data, { status });
      assert.match(world.error?.message ?? "", new RegExp(`answered ${status}`));
      assert.deepEqual(world.network.bodies, []);
    }
  });
}

test("a redirect is not followed", async () => {
  const world = new World();

  // As browsers show it.
  await world.network.take("i").answer("", 0);

  assert.match(world.error?.message ?? "", /init answered a redirect/);
});

// C11
test("the page of a proxy is no answer", async () => {
  const page = "<!DOCTYPE html><p>Sign in & pay</p>";
  const init = new World();
  await init.network.take("i").answer(page);
  const poll = await connected();
  await poll.poll.answer(page);
  const push = await connected();
  push.transport.send("x");
  await push.network.take(`u${UID}&x`).answer(page);

  for (const world of [init, poll, push]) {
    assert.deepEqual(world.take(), ["error"]);
    assert.match(world.error?.message ?? "", /nonsense/);
  }
});

test("requests have their time", async () => {
  const init = new World();
  init.clock.advance(7_999);
  assert.deepEqual(init.take(), []);
  init.clock.advance(1);
  const push = await connected();
  push.transport.send("x".repeat(4_000));
  push.clock.advance(8_999);
  await settled();
  assert.deepEqual(push.take(), []);
  push.clock.advance(1);
  const poll = await connected();
  poll.clock.advance(44_999);
  await settled();
  assert.deepEqual(poll.take(), []);
  poll.clock.advance(1);
  await settled();

  for (const world of [init, push, poll]) {
    assert.deepEqual(world.take(), ["error"]);
    assert.match(world.error?.message ?? "", /timed out/);
    assert.equal(world.clock.pending, 0);
  }
});

test("a long answer has time to come in, and is no stalled link", async () => {
  const world = await connected();
  let finish = (_text: string): void => {};
  const body = new Promise<string>((resolve) => {
    finish = resolve;
  });
  world.poll.begin(200, () => body, 400_000);
  await settled();

  world.clock.advance(140_000);
  await settled();
  assert.equal(world.transport.stalled(), false);
  assert.deepEqual(world.take(), []);
  finish("tokenbb&long");
  await settled();

  assert.deepEqual(world.take(), ["text long"]);
});

// C12
test("close says what is left behind the push that is under way, and then nothing is heard", async () => {
  const world = await connected();
  world.transport.send("one");
  const first = world.network.take(`u${UID}&one`);

  world.transport.close(["two", "cl"]);
  assert.deepEqual(world.network.bodies, []);
  await first.answer("");
  const second = world.network.take(`u${UID}&two`);
  assert.equal(second.init.keepalive, true);
  assert.equal(second.init.signal.aborted, false);
  await second.answer("");
  assert.equal(world.poll.init.signal.aborted, false, "the server has whom to tell");
  await world.network.take(`u${UID}&cl`).answer("");

  assert.ok(world.poll.init.signal.aborted);
  assert.deepEqual(world.network.bodies, []);
  assert.deepEqual(world.take(), []);
  assert.equal(world.clock.pending, 0);
});

test("nothing goes behind a gap", async () => {
  const world = await connected();
  world.transport.send("one");

  world.transport.close(["two", "cl"]);
  await world.network.take(`u${UID}&one`).fail();

  assert.deepEqual(world.network.bodies, []);
  assert.ok(world.poll.init.signal.aborted);
});

test("without a last word the goodbye is said", async () => {
  const world = await connected();

  world.transport.close([]);
  await settled();

  assert.deepEqual(world.network.bodies, [`u${UID}&cl`]);
});

test("closed before it is open it says nothing", async () => {
  const world = new World();
  const init = world.network.take("i");

  world.transport.close([]);
  await init.answer(`${UID}&tokenaa`);

  assert.ok(init.init.signal.aborted);
  assert.deepEqual(world.network.bodies, []);
  assert.deepEqual(world.take(), []);
  assert.equal(world.clock.pending, 0);
});

test("a text that is too long to outlive a page is sent all the same", async () => {
  const world = await connected();

  world.transport.close(["x".repeat(30_000), "cl"]);
  await settled();

  const [long] = world.network.bodies;
  assert.equal(world.network.take(long as string).init.keepalive, false);
});

// [T-9] C12
test("a page that is left is told of, and says goodbye by beacon", async (t) => {
  const listeners = new Map<string, () => void>();
  const beacons: string[] = [];
  const limit = 20;
  const globals = globalThis as unknown as Record<string, unknown>;
  const navigator = {
    sendBeacon(url: string, body: string): boolean {
      if (body.length > limit) return false;
      beacons.push(`${url} ${body}`);
      return true;
    },
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  globals["addEventListener"] = (name: string, listener: () => void) => listeners.set(name, listener);
  globals["removeEventListener"] = (name: string) => listeners.delete(name);
  t.after(() => {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else delete globals["navigator"];
    delete globals["addEventListener"];
    delete globals["removeEventListener"];
  });
  const world = await connected();

  listeners.get("pagehide")?.();
  assert.deepEqual(world.take(), ["leave"]);
  world.transport.close(["one", "x".repeat(limit), "cl"], true);

  const url = "http://host/glue/ajax";
  assert.deepEqual(beacons, [`${url} u${UID}&one`, `${url} u${UID}&cl`]);
  assert.equal(listeners.size, 0);
  await settled();
  assert.deepEqual(world.network.bodies, []);
});

test("errors are errors of this library", async () => {
  const world = new World();

  await world.network.take("i").fail();

  assert.ok(world.error instanceof GlueError);
});

test("a push that is answered meanwhile doesn't make a long answer look stalled", async () => {
  const world = await connected();
  world.poll.begin(200, () => new Promise(() => {}), 400_000);
  await settled();

  world.transport.send("pi");
  await world.network.take(`u${UID}&pi`).answer("");

  assert.equal(world.transport.stalled(), false);
});

test("no answer is waited for endlessly, whatever length it claims", async () => {
  const world = await connected();
  world.poll.begin(
    200,
    () =>
      new Promise((_, reject) => {
        world.poll.init.signal.addEventListener("abort", () => reject(world.poll.init.signal.reason));
      }),
    1e12,
  );
  await settled();

  world.clock.advance(2 * 3_600_000);
  await settled();

  assert.deepEqual(world.take(), ["error"]);
});

test("an answer that is refused doesn't hold its connection", async () => {
  const world = await connected();

  await world.poll.answer("a page without end", 502);

  assert.ok(world.poll.init.signal.aborted);
});

test("closed as the init is answered it polls no more", async () => {
  const world = new World();
  const init = world.network.take("i");
  init.begin(200, async () => {
    world.transport.close([]);
    return `${UID}&tokenaa`;
  });
  await settled();

  assert.deepEqual(world.network.bodies, []);
});

test("a page without beacons is left without a word", async (t) => {
  const listeners = new Map<string, () => void>();
  const globals = globalThis as unknown as Record<string, unknown>;
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  globals["addEventListener"] = (name: string, listener: () => void) => listeners.set(name, listener);
  t.after(() => {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else delete globals["navigator"];
    delete globals["addEventListener"];
  });
  const world = await connected();

  listeners.get("pagehide")?.();
  world.transport.close(["one", "cl"], true);

  assert.deepEqual(world.take(), ["leave"]);
});
