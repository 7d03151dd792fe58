// Servers that break the protocol: what they do is told, and neither an error that reaches nobody nor a hang comes of it.
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { TRANSPORTS } from "./cases/cases.js";
import { type GlueError, Probe } from "./generated/index.js";
import type { Socket, SocketOptions } from "./generated/runtime/index.js";
import { connect } from "./support/client.js";
import { assertCode, failOnUnhandled } from "./support/errors.js";
import { event, Inbox } from "./support/inbox.js";
import { type Meddler, type Script, Scripted } from "./support/scripted.js";

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

async function assertTold(errors: Inbox<unknown>, code: GlueError["code"] = "unavailable"): Promise<void> {
  // The second shows that it went on trying.
  for (const error of await errors.first(2)) assertCode(error, code);
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

      await assertTold(errors);

      assert.equal(socket.socketID(), "");
    });
  }

  test(`${forceSocketType}: a server that never accepts is left in time`, async (t) => {
    const { socket } = await meet(t, { ...options, connectTimeout: 100 }, (link, message) => {
      if (message.startsWith("in")) link.send("pi", "xx");
    });
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

    await assertTold(errors);
  });

  test(`${forceSocketType}: a server that ends each session is met again`, async (t) => {
    const { server, socket } = await meet(t, options, (link) => {
      link.send(ACCEPT);
      link.close();
    });

    for (let n = 0; n < 3; n++) await event(socket, "connected");

    assert.ok(server.requests >= 3, `${server.requests} requests`);
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
  assertCode(error, "unavailable");
  await event(socket, "connected");
});

/** Answers that are none, to any kind of request. */
const REFUSALS: Readonly<Record<string, (answer: ServerResponse) => void>> = {
  "400": (answer) => answer.writeHead(400).end("Bad Request\n"),
  "403": (answer) => answer.writeHead(403).end(),
  "413": (answer) => answer.writeHead(413).end("Payload Too Large\n"),
  "404 with a page": (answer) => answer.writeHead(404, { "Content-Type": "text/html" }).end("<h1>Not Found</h1>"),
  "408": (answer) => answer.writeHead(408).end("Request Timeout\n"),
  "500": (answer) => answer.writeHead(500).end("Internal Server Error\n"),
  "502 with a page": (answer) => answer.writeHead(502).end("<h1>Bad Gateway</h1>"),
  "503": (answer) => answer.writeHead(503, { "Retry-After": "5" }).end("Service Unavailable\n"),
  "a redirect": (answer) => answer.writeHead(302, { Location: "/login" }).end(),
  "a redirect to nowhere": (answer) => answer.writeHead(307, { Location: "http://127.0.0.1:9/" }).end(),
  "a page": (answer) => answer.end("<!doctype html><title>Sign in</title><p>a&b&c"),
  "JSON": (answer) => answer.end('{"error":"no"}'),
  "a truncated answer": (answer) => {
    answer.writeHead(200, { "Content-Length": 100 }).write("1000000000&000", () => answer.destroy());
  },
  "a truncated chunk": (answer) => {
    answer.write("0000001&cd1&mhel", () => answer.destroy());
  },
  "what can't be unpacked": (answer) => answer.writeHead(200, { "Content-Encoding": "gzip" }).end("no gzip"),
  "a closed connection": (answer) => answer.destroy(),
};

/** Codes that say more than `unavailable`. */
const CODES: Readonly<Record<string, GlueError["code"]>> = { 403: "permission_denied", 413: "resource_exhausted" };

for (const [key, request] of Object.entries({ i: "init", o: "poll", u: "push" })) {
  for (const [name, refuse] of Object.entries(REFUSALS)) {
    test(`AjaxSocket: a ${request} that is answered by ${name} is told as an error`, async (t) => {
      const { errors, socket } = await meet(t, { forceSocketType: "AjaxSocket" }, accepting(() => {}), (body, answer) => {
        if (body.startsWith(key)) refuse(answer);
        return body.startsWith(key);
      });

      await assertTold(errors, CODES[name]);

      assert.equal(socket.socketID(), "");
    });
  }
}

for (const [name, answers] of Object.entries({
  "an empty answer": [""],
  "no token": ["cd1&mhello"],
  "an empty token": ["&cd1&mhello"],
  "too long a token": ["00000001&cd1&mhello"],
  "the session's name instead": ["1000000000&cd1&mhello"],
})) {
  test(`AjaxSocket: a poll that is answered with ${name} is told as an error`, async (t) => {
    const { errors } = await meet(t, { forceSocketType: "AjaxSocket" }, () => {}, (body, answer) => {
      if (body.startsWith("o")) answer.end(answers[0]);
      return body.startsWith("o");
    });

    await assertTold(errors);
  });
}

for (const code of [1002, 1008, 1011, 4000]) {
  test(`WebSocket: a link that is closed with ${code} is told as an error`, async (t) => {
    const { errors } = await meet(t, { forceSocketType: "WebSocket" }, (link) => link.close(code));

    await assertTold(errors);
  });
}
