// Servers that break the protocol: what they do is told, and neither an error that reaches nobody nor a hang comes of it.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { TRANSPORTS } from "./cases/cases.js";
import { GlueError, Probe } from "./generated/index.js";
import type { Socket, SocketOptions } from "./generated/runtime/index.js";
import { connect } from "./support/client.js";
import { event, Inbox } from "./support/inbox.js";
import { type Meddler, type Script, Scripted } from "./support/scripted.js";
import { failOnUnhandled } from "./support/unhandled.js";

failOnUnhandled();

const ACCEPT = 'in{"socketID":"scripted000000000000"}';

interface Scene {
  readonly server: Scripted;
  readonly socket: Socket;
  readonly errors: Inbox<unknown>;
}

/** Starts a server and a socket that connects to it. */
async function meet(
  t: TestContext,
  options: SocketOptions,
  script: Script,
  meddler?: Meddler,
): Promise<Scene> {
  const server = await Scripted.open(script, meddler);
  const socket = connect(server.url, options);
  const errors = new Inbox<unknown>();
  socket.on("error", errors.push);
  t.after(() => {
    socket.close();
    server.close();
  });
  return { server, socket, errors };
}

/** Accepts whoever comes, and hands on what else is said. */
function accepting(script: Script): Script {
  return (link, message) => {
    if (message.startsWith("in")) link.send(ACCEPT);
    else script(link, message);
  };
}

async function assertUnavailable(errors: Inbox<unknown>): Promise<void> {
  // The second shows that it went on trying.
  for (const error of await errors.first(2)) {
    assert.ok(error instanceof GlueError);
    assert.equal(error.code, "unavailable");
  }
}

const NO_INITS = ["in", "innull", "in[]", "in{}", 'in{"socketID":', 'in{"socketID":5}', 'in{"socketID":""}', `${ACCEPT}x`];

/** What a client has to forgive. */
const NONSENSE = [
  ...["xx", "i", "iv", "cl", "po", "日本", ACCEPT, "in{}", "<html></html>"],
  ...["cd", "cd5", "cd5&", "cdx&y", "cd-1&m", "cd99&abc", "cd1&q", "cd3&abcx", "cd99999999999999999999&m"],
  ...["ba", "ba0&", "ba5&abc", "ba3&in{", "ba2&pi"],
];

for (const forceSocketType of TRANSPORTS) {
  const options: SocketOptions = { forceSocketType };

  for (const init of NO_INITS) {
    test(`${forceSocketType}: ${init} accepts nobody`, async (t) => {
      const { errors, socket } = await meet(t, options, (link) => link.send(init));

      await assertUnavailable(errors);

      assert.equal(socket.socketID(), "");
    });
  }

  test(`${forceSocketType}: a server that never accepts is left in time`, async (t) => {
    const { socket } = await meet(t, { ...options, connectTimeout: 100 }, (link) => link.send("pi", "xx"));
    const call = new Probe(socket).unit();

    await event(socket, "connect_timeout");
    await event(socket, "connect_timeout");
    socket.close();

    await assert.rejects(call, { code: "unavailable", data: { outcome: "not_sent" } });
  });

  test(`${forceSocketType}: nonsense is forgiven, and what makes sense arrives`, async (t) => {
    const script = accepting((link) => link.send(...NONSENSE, "cd1&mhello"));
    const { socket, errors } = await meet(t, options, script);
    const inbox = new Inbox<string>();
    socket.onMessage(inbox.push);

    socket.send("now");

    assert.deepEqual(await inbox.first(1), ["hello"]);
    assert.equal(socket.socketID(), "scripted000000000000");
    assert.deepEqual(errors.all, []);
  });

  test(`${forceSocketType}: a server that talks nothing but nonsense is left`, async (t) => {
    const nonsense = Array.from({ length: 300 }, (_, n) => `x${n}`);
    const { errors } = await meet(t, options, (link, message) => {
      if (message.startsWith("in")) link.send(ACCEPT, ...nonsense);
    });

    await assertUnavailable(errors);
  });

  test(`${forceSocketType}: a server that ends each session is met again`, async (t) => {
    const { server, socket } = await meet(t, options, (link) => {
      link.send(ACCEPT);
      link.close();
    });

    for (let n = 0; n < 3; n++) await event(socket, "connected");

    assert.ok(server.requests >= 3);
  });

  for (const unreadable of ["ok1&{", "er1&{", "er1&[]", "er1&null", "it1&5", "en1&"]) {
    test(`${forceSocketType}: a call that is answered ${unreadable} fails, and the next is answered`, async (t) => {
      const script = accepting((link, message) => {
        const [, envelope = ""] = message.split("cd5&probe");
        if (envelope.startsWith("rq1&")) link.send(`cd5&probe${unreadable}`);
        if (envelope.startsWith("rq3&")) link.send("cd5&probezz", "cd5&probeok99&1", "cd5&probeok3&3");
      });
      const { socket } = await meet(t, options, script);
      const probe = new Probe(socket);

      await assert.rejects(probe.add(1, 2), { code: "internal" });

      assert.equal(await probe.add(1, 2), 3);
    });
  }
}

test("WebSocket: bytes that are text are taken as text; others end the session", async (t) => {
  const { socket, errors } = await meet(
    t,
    { forceSocketType: "WebSocket" },
    accepting((link) => link.send(Buffer.from("cd1&mé"), Buffer.from([0xff, 0xfe]))),
  );
  const inbox = new Inbox<string>();
  socket.onMessage(inbox.push);

  socket.send("now");

  assert.deepEqual(await inbox.first(1), ["é"]);
  const [error] = await errors.first(1);
  assert.ok(error instanceof GlueError);
  assert.equal(error.code, "unavailable");
  await event(socket, "connected");
});

for (const code of [1002, 1008, 1009, 1011, 4000]) {
  test(`WebSocket: a link that is closed with ${code} is told as an error`, async (t) => {
    const { errors } = await meet(t, { forceSocketType: "WebSocket" }, (link) => link.close(code));

    await assertUnavailable(errors);
  });
}
