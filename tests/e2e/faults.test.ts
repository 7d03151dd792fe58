// Networks and servers that fail: nothing hangs, nothing is doubled, and the client comes back.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { TRANSPORTS } from "./cases/cases.js";
import { Probe } from "./generated/index.js";
import type { Socket, SocketOptions } from "./generated/runtime/index.js";
import { connect } from "./support/client.js";
import { assertCode, failOnUnhandled } from "./support/errors.js";
import { event, Inbox } from "./support/inbox.js";
import { Program } from "./support/program.js";
import { answer, isUpgrade, Proxy, type Verdict } from "./support/proxy.js";

failOnUnhandled();

interface Scene {
  readonly program: Program;
  readonly proxy: Proxy;
  /** A socket through the proxy. */
  connect(options?: SocketOptions): Socket;
  /** Calls that go past the proxy, to see what has arrived. */
  readonly direct: Probe;
}

/** Registers a test for each transport. */
function faulty(name: string, play: (scene: Scene, t: TestContext) => Promise<void>): void {
  for (const forceSocketType of TRANSPORTS) {
    test(`${forceSocketType}: ${name}`, async (t) => {
      const program = await Program.probe();
      const proxy = await Proxy.open(program);
      const sockets: Socket[] = [];
      const open = (url: string, options: SocketOptions): Socket => {
        const socket = connect(url, options);
        sockets.push(socket);
        return socket;
      };
      t.after(async () => {
        for (const socket of sockets) socket.close();
        proxy.close();
        await program.kill();
      });
      const direct = new Probe(open(program.url, {}));
      await play(
        { program, proxy, direct, connect: (options) => open(proxy.url, { forceSocketType, ...options }) },
        t,
      );
    });
  }
}

/** For a client the times of which pass faster, so that a test sees them pass. The server speaks every 300 ms. */
const HASTE = 20;
const HASTY: SocketOptions = {
  clock: {
    now: () => performance.now() * HASTE,
    after: (ms, task) => {
      const timer = setTimeout(task, ms / HASTE);
      return () => clearTimeout(timer);
    },
  },
  pingInterval: 12_000,
  // These are for a busy machine.
  pingReconnectTimeout: 6_000,
  connectTimeout: 40_000,
};

/** The echo of a text that was sent on the main channel. */
async function echoes(socket: Socket, text: string): Promise<void> {
  const inbox = new Inbox<string>();
  socket.onMessage(inbox.push);
  assert.equal(socket.send(text), 1);
  assert.deepEqual(await inbox.first(1), [text]);
}

/** Calls until there is an answer: what is sent over a link that is lost already, but not known to be, has none. */
async function answered(probe: Probe): Promise<void> {
  const ask = (): Promise<unknown> =>
    probe.add(1, 2).catch((error: unknown) => {
      assertCode(error, "unavailable");
      assert.deepEqual(error.data, { outcome: "unknown" });
      return "unknown";
    });
  for (let answer = await ask(); answer !== 3; answer = await ask()) assert.equal(answer, "unknown");
}

for (const kind of ["stall", "halfOpen"] as const) {
  faulty(`a connection that fails without a word (${kind}) is missed, and replaced`, async ({ proxy, connect }) => {
    const socket = connect(HASTY);
    const probe = new Probe(socket);
    await probe.unit();
    const id = socket.socketID();
    let hasEnded = false;
    probe
      .hang("stalled")
      .catch(() => {})
      .finally(() => {
        hasEnded = true;
      });
    const told: string[] = [];
    for (const name of ["timeout", "error", "reconnecting"] as const) socket.on(name, () => told.push(name));
    const missed = event(socket, "reconnecting");

    proxy[kind]();
    await missed;
    // Requests of the next session may take connections that were kept, and are as dead.
    await answered(probe);

    assert.equal(socket.socketID(), id);
    assert.ok(!hasEnded, "a call under way goes on");
    // Which of the two depends on whether a request was under way, which has a time of its own.
    assert.match(told.slice(0, 2).join(), /^(timeout|error),reconnecting$/);
  });
}

faulty("a connection that is cut is replaced; a call is answered, or it is told that nobody knows", async ({
  proxy,
  connect,
}) => {
  const probe = new Probe(connect());
  await probe.unit();

  for (let n = 0; n < 10; n++) {
    proxy.cut();
    await answered(probe);
  }
});

faulty("a server that is down when the page loads is found once it is up", async ({ program, proxy, connect }) => {
  await program.kill();
  const socket = connect();
  const probe = new Probe(socket);
  const failures = new Inbox<unknown>();
  socket.on("error", failures.push);
  const sum = probe.add(1, 2);

  const [failure] = await failures.first(3);
  proxy.cut();
  await program.start();

  assertCode(failure, "unavailable");
  assert.equal(await sum, 3);
});

const STRANGERS = {
  "a page of HTML": answer("200 OK", "<!doctype html><title>Sign in</title>", "Content-Type: text/html"),
  "a redirect": answer("302 Found", "", "Location: http://127.0.0.1:9/"),
  "a redirect to the same place": answer("307 Temporary Redirect", "", "Location: "),
  "a gateway's 502": answer("502 Bad Gateway", "<h1>Bad Gateway</h1>"),
  "a 404": answer("404 Not Found", "nothing here"),
  "an empty answer": answer("200 OK"),
  "no answer at all": "cut",
  "no HTTP": { answer: "SSH-2.0-OpenSSH_9.2\r\n" },
} as const;

faulty("whoever answers in the server's place is told as an error, and the server is found later", async ({
  proxy,
  connect,
}) => {
  for (const [name, verdict] of Object.entries(STRANGERS)) {
    proxy.admit = () => verdict;
    // Those are kept for further requests.
    proxy.cut();
    const socket = connect();
    const probe = new Probe(socket);
    const failures = new Inbox<unknown>();
    socket.on("error", failures.push);
    const sum = probe.add(1, 2);

    for (const failure of await failures.first(2)) assertCode(failure, "unavailable");
    proxy.admit = () => "pass";

    assert.equal(await sum, 3, name);
    socket.close();
  }
});

faulty("however often links break while texts are sent, none is doubled and none overtakes another", async ({
  proxy,
  connect,
  direct,
}, t) => {
  const budgets = [1500, 4000, 2500, 900, 3000];
  let links = 0;
  proxy.budget = () => budgets[links++ % budgets.length] as number;
  // So links break behind what has arrived and was not confirmed, too.
  proxy.answers = () => 200 * (2 + (links % 7));
  const socket = connect();
  const probe = new Probe(socket);
  const discarded = new Set<number>();
  const results: number[] = [];

  for (let n = 0; n < 1000; n++) {
    results.push(socket.channel("journal").send(`cuts:${n}`, () => discarded.add(n)));
    // Links are opened and broken between turns of the event loop.
    if (n % 5 === 0) await new Promise(setImmediate);
    if (n % 100 === 0) await answered(probe);
  }
  proxy.budget = proxy.answers = () => Number.POSITIVE_INFINITY;
  proxy.cut();
  await answered(probe);
  socket.channel("journal").send("cuts:end");
  const arrived = (await direct.journal("cuts", "end")).slice(0, -1).map(Number);

  t.diagnostic(`${arrived.length} of 1000 arrived over ${links} connections, ${discarded.size} were discarded`);
  assert.ok(links > 5, `only ${links} links`);
  assert.deepEqual(arrived, [...new Set(arrived)].sort((a, b) => a - b));
  for (const n of arrived) assert.ok(results[n] !== -1 && !discarded.has(n), `${n} was given up, and has arrived`);
  assert.ok(arrived.length > 10, `only ${arrived.length} arrived`);
});

faulty("a server that is killed and started under load: every call settles", async ({ program, connect }, t) => {
  const socket = connect();
  const probe = new Probe(socket);
  const outcomes = new Map<string, number>();
  const sums = new Inbox<string>();
  const count = (outcome: string): void => {
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (outcome === "3") sums.push(outcome);
  };
  let isOver = false;
  const call = async (): Promise<void> => {
    while (!isOver) {
      await probe.add(1, 2).then(
        (sum) => count(String(sum)),
        (error: unknown) => {
          assertCode(error, "unavailable");
          count(`${error.code} ${(error.data as { outcome: string }).outcome}`);
        },
      );
    }
  };
  const read = async (): Promise<void> => {
    while (!isOver) {
      try {
        let expected = 0;
        for await (const n of probe.endless("load")) {
          assert.equal(n, expected++);
          if (isOver) break;
        }
      } catch (error) {
        assertCode(error, "unavailable");
        count(`stream ${error.code}`);
      }
    }
  };
  const load = [...Array.from({ length: 20 }, call), read()];

  for (let n = 1; n <= 3; n++) {
    await sums.first(200 * n);
    const lost = event(socket, "reconnecting");
    await program.kill();
    await lost;
    await program.start();
  }
  await sums.first(800);
  isOver = true;
  await Promise.all(load);

  t.diagnostic([...outcomes].map(([outcome, times]) => `${outcome}: ${times}`).join(", "));
  assert.deepEqual(
    [...outcomes.keys()].filter((outcome) => !["3", "unavailable unknown", "stream unavailable"].includes(outcome)),
    [],
  );
  for (const outcome of ["unavailable unknown", "stream unavailable"]) assert.ok(outcomes.has(outcome), `none was ${outcome}`);
  await echoes(socket, "still there");
});

/** A socket that chooses its transport itself, through a proxy of its own. */
async function choose(t: TestContext): Promise<{ program: Program; proxy: Proxy; open: () => Socket }> {
  const program = await Program.probe();
  const proxy = await Proxy.open(program);
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.close();
    proxy.close();
    await program.kill();
  });
  const open = (): Socket => {
    const socket = connect(proxy.url);
    sockets.push(socket);
    return socket;
  };
  return { program, proxy, open };
}

/** Lets everything through but WebSockets. */
const noUpgrades = (refusal: Verdict) => (head: string): Verdict => (isUpgrade(head) ? refusal : "pass");

for (const [name, refusal] of Object.entries(STRANGERS)) {
  test(`where a WebSocket is answered by ${name}, the socket takes to Ajax`, async (t) => {
    const { proxy, open } = await choose(t);
    proxy.admit = noUpgrades(refusal);

    const socket = open();
    const sum = await new Probe(socket).add(1, 2);

    assert.deepEqual([sum, socket.type()], [3, "AjaxSocket"]);
    await echoes(socket, "over Ajax");
  });
}

test("where a WebSocket is neither opened nor refused, the socket takes to Ajax in time", async (t) => {
  const program = await Program.probe();
  const proxy = await Proxy.open(program);
  const socket = connect(proxy.url, { connectTimeout: 600 });
  t.after(async () => {
    socket.close();
    proxy.close();
    await program.kill();
  });
  proxy.admit = noUpgrades("ignore");

  await event(socket, "connected");

  assert.equal(socket.type(), "AjaxSocket");
});

test("a server that is down at first and up later is met over a WebSocket", async (t) => {
  const { program, proxy, open } = await choose(t);
  await program.kill();
  const socket = open();
  const failures = new Inbox<unknown>();
  socket.on("error", failures.push);

  await failures.first(3);
  await program.start();
  proxy.cut();
  await event(socket, "connected");

  assert.equal(socket.type(), "WebSocket");
});

test("once a WebSocket is let through again, the socket is back on it after the next loss", async (t) => {
  const { proxy, open } = await choose(t);
  proxy.admit = noUpgrades("cut");
  const socket = open();
  await event(socket, "connected");
  assert.equal(socket.type(), "AjaxSocket");
  proxy.admit = () => "pass";

  const back = event(socket, "connected");
  socket.channel("order").send("close");
  await back;

  assert.equal(socket.type(), "WebSocket");
});
