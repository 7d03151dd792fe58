// Networks and servers that fail: nothing hangs, nothing is doubled, and the client comes back.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { TRANSPORTS } from "./cases/cases.js";
import { GlueError, Probe } from "./generated/index.js";
import type { Socket, SocketOptions } from "./generated/runtime/index.js";
import { connect } from "./support/client.js";
import { event, Inbox } from "./support/inbox.js";
import { Program } from "./support/program.js";
import { answer, Proxy } from "./support/proxy.js";
import { failOnUnhandled } from "./support/unhandled.js";

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

/** A client that soon misses a silent server. The server speaks every 300 ms. */
const WATCHFUL: SocketOptions = { pingInterval: 600, pingReconnectTimeout: 300, connectTimeout: 2_000 };

/** The echo of a text that was sent on the main channel. */
async function echoes(socket: Socket, text: string): Promise<void> {
  const inbox = new Inbox<string>();
  socket.onMessage(inbox.push);
  assert.equal(socket.send(text), 1);
  assert.deepEqual(await inbox.first(1), [text]);
}

for (const kind of ["stall", "halfOpen"] as const) {
  faulty(`a connection that fails without a word (${kind}) is missed, and replaced`, async ({ proxy, connect }) => {
    const socket = connect(WATCHFUL);
    const probe = new Probe(socket);
    await probe.unit();
    const id = socket.socketID();
    const hanging = assert.rejects(probe.hang("stalled"), { code: "unavailable", data: { outcome: "unknown" } });
    const missed = event(socket, "timeout");

    proxy[kind]();
    await missed;
    await hanging;

    assert.equal(await probe.add(1, 2), 3);
    assert.notEqual(socket.socketID(), id);
  });
}

faulty("a connection that is cut is replaced, and what is called meanwhile is answered", async ({ proxy, connect }) => {
  const socket = connect();
  const probe = new Probe(socket);
  await probe.unit();

  for (let n = 0; n < 10; n++) {
    const lost = event(socket, "reconnecting");
    proxy.cut();
    await lost;
    assert.equal(await probe.add(n, n), 2 * n);
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

  assert.ok(failure instanceof GlueError);
  assert.equal(failure.code, "unavailable");
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
    const socket = connect();
    const probe = new Probe(socket);
    const failures = new Inbox<unknown>();
    socket.on("error", failures.push);
    const sum = probe.add(1, 2);

    for (const failure of await failures.first(2)) {
      assert.ok(failure instanceof GlueError, name);
      assert.equal(failure.code, "unavailable", name);
    }
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
  const socket = connect();
  const discarded = new Set<number>();
  const results: number[] = [];

  for (let n = 0; n < 1000; n++) {
    results.push(socket.channel("journal").send(`cuts:${n}`, () => discarded.add(n)));
    // Links are opened and broken between turns of the event loop.
    if (n % 5 === 0) await new Promise(setImmediate);
    if (n % 50 === 0 && socket.state() !== "connected") await event(socket, "connected");
  }
  proxy.budget = () => Number.POSITIVE_INFINITY;
  proxy.cut();
  if (socket.state() === "connected") await event(socket, "reconnecting");
  await event(socket, "connected");
  socket.channel("journal").send("cuts:end");
  const arrived = (await direct.journal("cuts", "end")).slice(0, -1).map(Number);

  t.diagnostic(`${arrived.length} of 1000 arrived over ${links} connections, ${discarded.size} were discarded`);
  assert.ok(links > 5);
  assert.deepEqual(arrived, [...new Set(arrived)].sort((a, b) => a - b));
  for (const n of arrived) assert.ok(results[n] !== -1 && !discarded.has(n), `${n} arrived, and was given up`);
  for (const n of discarded) assert.notEqual(results[n], 1, `${n} was sent, and was given up`);
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
          assert.ok(error instanceof GlueError);
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
        assert.ok(error instanceof GlueError);
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
  assert.ok(outcomes.has("unavailable unknown") && outcomes.has("stream unavailable"));
  await echoes(socket, "still there");
});
