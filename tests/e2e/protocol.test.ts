// The server as docs/PROTOCOL.md describes it, seen by a peer that shares no code with our client.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Peer } from "./support/peer.js";
import { Program } from "./support/program.js";

const server = await Program.probe();
after(() => server.kill());

test("[I-7] [I-12] init is answered with a socket id", async () => {
  const peer = await Peer.link(server.port);

  peer.send('in{"version":"1.9.1"}');

  assert.match(String(await peer.next()), /^in\{"socketID":"[0-9A-Za-z]{20}"\}$/);
  peer.close();
});

test("[K-4] a ping is answered before and after init", async () => {
  const peer = await Peer.link(server.port);

  peer.send("pi");
  assert.equal(await peer.next(), "po");
  peer.send('in{"version":"1.0.0"}', "pi");
  await peer.next();

  assert.equal(await peer.next(), "po");
  peer.close();
});

test("[F-2] [F-3] [I-9] what makes no sense is answered iv", async () => {
  const peer = await Peer.session(server.port);

  for (const message of ["", "x", "zz", "dr", 'in{"version":"1.9.1"}']) {
    peer.send(message);
    assert.equal(await peer.next(), "iv", message);
  }
  peer.close();
});

test("[I-8] a newer client is told not to come back", async () => {
  const peer = await Peer.link(server.port);

  peer.send('in{"version":"2.0.0"}', "pi");

  assert.equal(await peer.next(), "dr");
  assert.equal(await peer.next(), 1005);
});

test("[I-3] an unreadable init ends the session without a word", async () => {
  const peer = await Peer.link(server.port);

  peer.send("in{");

  assert.equal(await peer.next(), 1005);
});

test("[X-1] [X-3] the client's farewell is answered with a close without a code", async () => {
  const peer = await Peer.session(server.port);

  peer.send("cl");

  assert.equal(await peer.next(), 1005);
});

test("[K-1] [K-2] a silent client is asked for a sign of life, and left", async () => {
  const strict = await Program.probe("--keep-alive", "50", "--pong", "50");
  try {
    const peer = await Peer.link(strict.port, false);
    peer.send('in{"version":"1.9.1"}');
    await peer.next();

    assert.equal(await peer.next(), "pi");
    assert.equal(await peer.next(), 1005);
  } finally {
    await strict.kill();
  }
});

test("[L-1] a message over the limit ends the session with 1009", async () => {
  const peer = await Peer.session(server.port);

  peer.send(`cd1&m${"x".repeat(1 << 20)}`);

  assert.equal(await peer.next(), 1009);
});

test("[F-8] [F-9] bytes are text, or the end with 1007", async () => {
  const peer = await Peer.session(server.port);

  peer.send(Buffer.from("cd1&mé"));
  assert.equal(await peer.next(), "cd1&mé");
  peer.send(Buffer.from([0xc3, 0x28]));

  assert.equal(await peer.next(), 1007);
});

test("[C-6] [C-9] [C-11] texts of every kind come back on their channel, in order", async () => {
  const peer = await Peer.session(server.port);
  const texts = ["", "hello", "a&b", "日本 😀\u2028\0", "x".repeat(100_000)];

  for (const text of texts) peer.send(`cd1&m${text}`, `cd6&golang${text}`);

  const echoes: (string | number)[] = [];
  while (echoes.length < 2 * texts.length) echoes.push(await peer.next());
  assert.deepEqual(
    echoes.filter((echo) => String(echo).startsWith("cd1&m")),
    texts.map((text) => `cd1&m${text}`),
  );
  assert.deepEqual(
    echoes.filter((echo) => String(echo).startsWith("cd6&golang")),
    texts.map((text) => `cd6&golang${text}`),
  );
  peer.close();
});

test("[C-8] [C-10] a channel that isn't open answers calls only", async () => {
  const peer = await Peer.session(server.port);

  peer.send("cd4&nonehello", "cd0&x", "cd99&m", "cd4&nonerq1&f&{}");

  assert.match(String(await peer.next()), /^cd4&noneer1&\{"code":"unimplemented",/);
  peer.close();
});

test("[R-7] [R-8] [R-14] the server greets whoever has spoken, and tells who differs how", async () => {
  const peer = await Peer.session(server.port);

  peer.send("pi");
  assert.equal(await peer.next(), "po");
  peer.rpc('hi&{"schema":"?","peer":"test","later":[]}', "rq1&unit&{}");

  const [hello, answer] = await peer.take(2);
  const { schema, peer: name, methods } = JSON.parse(String(hello).replace(/^hi&/, ""));
  assert.match(name, /^rust\//);
  for (const hash of [schema, methods.add, methods.emitted]) assert.match(hash, /^[0-9a-f]{16}$/);
  assert.equal(answer, "ok1&null");
  peer.close();
});

/** A session in which both have greeted. */
async function greeted(): Promise<Peer> {
  const peer = await Peer.session(server.port);
  peer.rpc("hi&{}");
  await peer.take(1);
  return peer;
}

test("[R-2] [R-6] calls are answered under their id, whatever else the arguments hold", async () => {
  const peer = await greeted();

  peer.rpc('rq1&add&{"a":1,"b":2}', 'rq3;zz=1&add&{"b":5,"later":{},"a":-7}', "rq5&echo_option&{}");

  assert.deepEqual((await peer.take(3)).sort(), ["ok1&3", "ok3&-2", "ok5&null"]);
  peer.close();
});

for (const [rule, envelope, code] of [
  ["R-10", "rq1&nothing&{}", "unimplemented"],
  ["Q-3", 'rq1&add&{"a":1}', "invalid_argument"],
  ["Q-3", 'rq1&add&{"a":1,"b":"2"}', "invalid_argument"],
  ["Q-3", "rq1&add&[1,2]", "invalid_argument"],
  ["Q-4", "rq1&panics&{}", "internal"],
  ["Q-6", "rq1&too_big&{}", "internal"],
] as const) {
  test(`[${rule}] ${envelope} fails with ${code}, and nothing else does`, async () => {
    const peer = await greeted();

    peer.rpc(envelope, "rq3&unit&{}");

    const answers = await peer.take(2);
    assert.ok(answers.includes("ok3&null"));
    const error = answers.find((answer) => answer.startsWith("er1&"));
    assert.equal(JSON.parse(String(error).slice(4)).code, code);
    assert.doesNotMatch(String(error), /secret/);
    peer.close();
  });
}

test("[Q-2] a method's own error is data", async () => {
  const peer = await greeted();

  peer.rpc('rq1&divide&{"a":1,"b":0}');

  const [answer] = await peer.take(1);
  const { code, data } = JSON.parse(String(answer).replace("er1&", ""));
  assert.deepEqual(
    { code, data },
    { code: "application", data: { reason: "division_by_zero", dividend: 1 } },
  );
  peer.close();
});

test("[R-3] [R-5] notifications start in order and are not answered", async () => {
  const peer = await greeted();

  peer.rpc(
    'nt&note&{"text":"order 1"}',
    'nt&note&{"text":"order 2"}',
    "nt&nothing&{}",
    "nt&note&[]",
    "rq1&notes&{}",
  );

  const [answer] = await peer.take(1);
  const notes: string[] = JSON.parse(String(answer).replace("ok1&", ""));
  assert.deepEqual(
    notes.filter((note) => note.startsWith("order")),
    ["order 1", "order 2"],
  );
  peer.close();
});

test("[R-15] a call whose time has run out is dropped by the server, and answered", async () => {
  const peer = await Peer.session(server.port);
  const next = async () => String(await peer.next());

  peer.send('cd6&duplexrq1;t=50&hang&{"label":"late"}');

  assert.match(await next(), /^cd6&duplexer1&\{"code":"deadline_exceeded",/);
  peer.send('cd6&duplexrq3&counted&{"label":"gone:late"}');
  assert.equal(await next(), "cd6&duplexok3&1");
  peer.close();
});

test("[R-16] the server's own calls have even ids, a time and the trace of what they are for", async () => {
  const peer = await Peer.session(server.port);
  const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const next = async () => String(await peer.next());

  peer.send(`cd6&duplexrq1;tp=${trace}&trace_there&{}`);

  const asked = /^cd6&duplexrq2;t=\d+;tp=(.+)&trace_here&\{\}$/.exec(await next());
  assert.equal(asked?.[1], trace);
  peer.send('cd6&duplexok2&"here"');
  assert.equal(await next(), 'cd6&duplexok1&{"type":"answered","answer":"here"}');
  peer.close();
});

test("[S-9] [S-12] items upward wait for credit; one without ends its call", async () => {
  const peer = await Peer.session(server.port);
  const next = async () => String(await peer.next());

  peer.send("cd6&duplexrq1&sum&{}");
  assert.equal(await next(), "cd6&duplexcr1&8");
  peer.send(...Array.from({ length: 2 }, () => "cd6&duplexit1&20"), "cd6&duplexen1&");
  let answer = await next();
  while (answer.startsWith("cd6&duplexcr1&")) answer = await next();
  assert.equal(answer, "cd6&duplexok1&40");

  peer.send('cd6&duplexrq3&hang_upload&{"label":"greedy"}');
  peer.send("cd6&duplexit3&1");
  assert.match(await next(), /^cd6&duplexer3&\{"code":"resource_exhausted",/);
  peer.send('cd6&duplexrq5&reached&{"label":"gone:greedy","count":1}');
  assert.equal(await next(), "cd6&duplexok5&null");
  peer.close();
});

test("[R-4] a cancelled call is dropped and not answered", async () => {
  const peer = await greeted();

  peer.rpc('rq1&hang&{"label":"raw"}', "ca1&", 'rq3&dropped&{"label":"raw"}');

  assert.deepEqual(await peer.take(1), ["ok3&null"]);
  peer.close();
});

test("[R-9] ids that are even or used are not answered", async () => {
  const peer = await greeted();

  peer.rpc("rq5&unit&{}", "rq2&unit&{}", "rq5&unit&{}", "rq3&unit&{}", "??", "rq7&unit&{}");

  assert.deepEqual(await peer.take(2), ["ok5&null", "ok7&null"]);
  peer.close();
});

test("[S-1] [S-2] [S-4] a stream sends what credit allows, then its end", async () => {
  const peer = await greeted();

  peer.rpc('rq1;c=2&count&{"to":4}');
  assert.deepEqual(await peer.take(2), ["it1&0", "it1&1"]);
  peer.rpc("rq3&unit&{}", "cr1&9");

  assert.deepEqual(await peer.take(4), ["ok3&null", "it1&2", "it1&3", "en1&"]);
  peer.close();
});

test("[S-1] a stream isn't asked for items without credit", async () => {
  const peer = await greeted();

  peer.rpc('rq1;c=3&endless&{"label":"counted"}');
  await peer.take(3);
  peer.rpc('rq3&produced&{"label":"counted"}', "ca1&", 'rq5&dropped&{"label":"counted"}');

  assert.deepEqual(await peer.take(2), ["ok3&3", "ok5&null"]);
  peer.close();
});

test("[S-5] a stream ends with its error", async () => {
  const peer = await greeted();

  peer.rpc('rq1;c=9&failing&{"after":1}');

  const [item, error] = await peer.take(2);
  assert.equal(item, "it1&0");
  assert.deepEqual(JSON.parse(String(error).replace("er1&", "")).data, { reason: "exhausted" });
  peer.close();
});

test("[X-5] calls of a lost session are dropped", async () => {
  const lost = await greeted();
  lost.rpc('rq1&hang&{"label":"lost"}', "rq3&unit&{}");
  await lost.take(1);

  lost.close();
  const peer = await greeted();
  peer.rpc('rq1&dropped&{"label":"lost"}');

  assert.deepEqual(await peer.take(1), ["ok1&null"]);
  peer.close();
});

test("[R-3] an event comes before the answer of the call that sent it", async () => {
  const peer = await greeted();

  peer.rpc('rq1&emit&{"text":"hi","times":1}');

  assert.deepEqual(await peer.take(2), ['ev&emitted&{"text":"hi","point":null}', "ok1&null"]);
  peer.close();
});

test("[H-2] [H-3] [H-5] only pages of the same host get a socket, and only by an upgrade", async () => {
  const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(server.url + path, { headers })).status;

  assert.equal(await status("/glue/ws"), 400);
  assert.equal(await status("/glue/other"), 400);
  assert.equal(await status("/glue/ws", { origin: "http://elsewhere.example" }), 403);
});
