import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeClientInit } from "../src/proto/init.js";
import { Outbox } from "../src/session/outbox.js";
import { Session, type SessionEvent } from "../src/session/session.js";

const INIT = encodeClientInit();
const TIMES = { connectTimeout: 100, pingInterval: 350, pingReconnectTimeout: 50 };

function start(): Session {
  const session = new Session(TIMES, new Outbox(), (name) => name === "m", 0);
  session.handleOpen(INIT, 10);
  return session;
}

function texts(session: Session): string[] {
  return [...drain(() => session.pollText())];
}

function events(session: Session): SessionEvent[] {
  return [...drain(() => session.pollEvent())];
}

function* drain<T>(poll: () => T | undefined): Generator<T> {
  for (let value = poll(); value !== undefined; value = poll()) yield value;
}

test("a session asks for itself when the transport opens", () => {
  const session = new Session(TIMES, new Outbox(), () => true, 0);
  assert.deepEqual(texts(session), []);
  assert.equal(session.pollTimeout(), 100);

  session.handleOpen(INIT, 10);

  assert.deepEqual(texts(session), [`in${INIT}`]);
});

test("data counts only within the session and for open channels", () => {
  const session = start();
  session.handleText("cd1&mearly", 20);
  session.handleText('in{"socketID":"S"}', 20);
  session.handleText("cd1&mhi", 20);
  session.handleText("cd1&xhi", 20);
  session.handleText('in{"socketID":"T"}', 20);

  assert.deepEqual(events(session), [
    { kind: "open", socketId: "S", isResumed: false },
    { kind: "data", name: "m", data: "hi" },
  ]);
});

// [L-2]
test("the 257th fault ends the session", () => {
  const session = start();
  session.handleText('in{"socketID":"S"}', 20);
  events(session);
  const faults = ["xx", "iv", "cd9&xhi", 'in{"socketID":"T"}'];
  // A channel that this page doesn't open is none [C-8].
  for (let stray = 0; stray < 300; stray++) session.handleText("cd1&xhi", 20);

  for (let fault = 0; fault < 256; fault++) session.handleText(faults[fault % 4] as string, 20);
  assert.deepEqual(events(session), []);
  session.handleText("xx", 20);
  session.handleText("xx", 20);

  assert.deepEqual(events(session), [{ kind: "ended", reason: "too_many_faults" }]);
});

test("the connect deadline gives way to the keep-alive", () => {
  const session = start();
  session.handleText('in{"socketID":"S"}', 20);
  assert.equal(session.pollTimeout(), 370);

  session.handleTimeout(100, () => true);
  session.handleTimeout(369, () => true);
  assert.deepEqual(texts(session), [`in${INIT}`]);
  session.handleTimeout(370, () => true);

  assert.deepEqual(texts(session), ["pi"]);
  assert.equal(session.pollTimeout(), 420);
  session.handleTimeout(420, () => true);
  assert.deepEqual(events(session).at(-1), { kind: "ended", reason: "timeout" });
  assert.equal(session.pollTimeout(), Number.POSITIVE_INFINITY);
});

test("nothing follows the end", () => {
  const session = start();
  session.handleTimeout(100, () => true);
  session.handleText('in{"socketID":"S"}', 101);
  session.handleText("pi", 101);
  session.close();

  assert.deepEqual(events(session), [{ kind: "ended", reason: "connect_timeout" }]);
  assert.deepEqual(texts(session), [`in${INIT}`]);
});
