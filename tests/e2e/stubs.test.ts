// The client that glue-codegen wrote, against the server it was written for.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { GlueError, type MathError, type Point, Probe, type Shape } from "./generated/index.js";
import { connect, event, Inbox } from "./support/client.js";
import { Program } from "./support/program.js";

const server = await Program.probe();
const socket = connect(server.url);
const probe = new Probe(socket);
after(async () => {
  socket.close();
  await server.kill();
});

let labels = 0;
const label = (): string => `stubs ${++labels}`;

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

test("values of every shape travel there and back", async () => {
  const point: Point = { x: 0.1, y: -2e300, label: "é & <b>" };
  const shapes: Shape[] = [
    "Nothing",
    { Dot: { x: 0, y: 0 } },
    { Line: [point, { x: 1, y: 2 }] },
    { Circle: { center: point, radius: 3 } },
  ];

  assert.ok((await probe.unit()) == null);
  assert.equal(await probe.add(2, -5), -3);
  assert.equal(await probe.echoText('日本 😀\u2028\0 "&%'), '日本 😀\u2028\0 "&%');
  assert.deepEqual(await probe.echoPoint(point), point);
  assert.equal(await probe.echoOption("x"), "x");
  assert.equal(await probe.echoOption(null), null);
  assert.equal(await probe.echoOption(), null);
  assert.deepEqual(await probe.echoList([point, { x: 1, y: 2 }]), [point, { x: 1, y: 2 }]);
  assert.deepEqual(await probe.echoMap({ a: 1, "b c": 2 }), { a: 1, "b c": 2 });
  for (const shape of shapes) assert.deepEqual(await probe.echoShape(shape), shape);
});

test("large values travel there and back", async () => {
  const text = "é".repeat(200_000);

  assert.equal(await probe.echoText(text), text);
  assert.equal((await probe.large(5_000_000)).length, 5_000_000);
});

test("a method's error is typed data", async () => {
  const error = await probe.divide(1, 0).catch((error: unknown) => error);

  assert.ok(error instanceof GlueError);
  assert.equal(error.code, "application");
  const data = error.data as MathError;
  assert.equal(data.reason, "division_by_zero");
  assert.equal(data.reason === "division_by_zero" && data.dividend, 1);
});

test("arguments that don't fit are told by name", async () => {
  const wrong = probe.add("1" as unknown as number, 2);

  await assert.rejects(
    wrong,
    (error) =>
      error instanceof GlueError &&
      error.code === "invalid_argument" &&
      /add/.test(error.message) &&
      /\ba\b/.test(error.message),
  );
});

test("a panic tells nothing of the server's inside, and ends its own call only", async () => {
  const other = probe.hang(label()).catch(() => "ended");

  await assert.rejects(
    probe.panics(),
    (error) => error instanceof GlueError && error.code === "internal" && !error.message.includes("secret"),
  );
  await assert.rejects(collect(probe.panicking(2)), { code: "internal" });

  assert.equal(await Promise.race([other, probe.add(1, 1)]), 2);
});

test("a number that JavaScript can't hold is an error", async () => {
  await assert.rejects(probe.tooBig(), { code: "internal" });
});

test("a method knows its caller", async () => {
  assert.equal(await probe.whoami(), socket.socketID());
});

test("notifications arrive in order, before a later call", async () => {
  const texts = Array.from({ length: 20 }, (_, n) => `in order ${n}`);

  for (const text of texts) probe.note(text);

  assert.deepEqual(
    (await probe.notes()).filter((note) => note.startsWith("in order")),
    texts,
  );
});

test("events reach their listeners until those are removed", async () => {
  const inbox = new Inbox<{ readonly text: string; readonly point: Point | null }>();
  const remove = probe.on("emitted", inbox.push);

  await probe.emit("first", 2);
  remove();
  await probe.emit("second", 1);

  assert.deepEqual(inbox.all, [
    { text: "first", point: null },
    { text: "first", point: { x: 1, y: 0 } },
  ]);
});

test("many calls run at the same time", async () => {
  const sums = await Promise.all(Array.from({ length: 500 }, (_, n) => probe.add(n, n)));

  assert.deepEqual(
    sums,
    Array.from({ length: 500 }, (_, n) => 2 * n),
  );
});

test("an aborted call is dropped by the server", async () => {
  const name = label();
  const abort = new AbortController();
  const call = probe.hang(name, { signal: abort.signal });
  await probe.unit();

  abort.abort();

  await assert.rejects(call, { code: "cancelled" });
  await probe.dropped(name);
});

test("a call with a signal that has fired isn't made", async () => {
  await assert.rejects(probe.add(1, 1, { signal: AbortSignal.abort() }), { code: "cancelled" });
});

test("a stream yields its items and ends", async () => {
  assert.deepEqual(await collect(probe.count(0)), []);
  assert.deepEqual(
    await collect(probe.count(1000)),
    Array.from({ length: 1000 }, (_, n) => n),
  );
});

test("a stream can be read twice", async () => {
  const stream = probe.count(3);

  assert.deepEqual(
    [await collect(stream), await collect(stream)],
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  );
});

test("large items stream", async () => {
  const sizes = (await collect(probe.blocks(40, 100_000))).map((block) => block.length);

  assert.deepEqual(
    sizes,
    Array.from({ length: 40 }, () => 100_000),
  );
});

test("leaving the loop drops the server's stream", async () => {
  const name = label();

  for await (const n of probe.endless(name)) if (n === 100) break;

  await probe.dropped(name);
});

test("a throw out of the loop drops the server's stream", async () => {
  const name = label();

  await assert.rejects(async () => {
    for await (const n of probe.endless(name)) if (n === 3) throw new Error("enough");
  }, /enough/);

  await probe.dropped(name);
});

test("aborting drops the server's stream", async () => {
  const name = label();
  const abort = new AbortController();

  await assert.rejects(
    async () => {
      for await (const n of probe.endless(name, { signal: abort.signal })) if (n === 3) abort.abort();
    },
    { code: "cancelled" },
  );

  await probe.dropped(name);
});

test("a slow reader slows the server", async () => {
  const name = label();
  const reader = probe.endless(name)[Symbol.asyncIterator]();

  await reader.next();
  await probe.unit();

  assert.ok((await probe.produced(name)) <= 64);
  await reader.return?.();
  await probe.dropped(name);
});

test("a stream fails with its error, after the items before it", async () => {
  const items: number[] = [];

  await assert.rejects(
    async () => {
      for await (const n of probe.failing(3)) items.push(n);
    },
    { code: "application", data: { reason: "exhausted" } },
  );

  assert.deepEqual(items, [0, 1, 2]);
});

test("a stream waits for what happens", async () => {
  const notes = probe.followNotes()[Symbol.asyncIterator]();
  const first = notes.next();
  await probe.unit();

  probe.note("followed 1");
  probe.note("followed 2");

  assert.deepEqual(await first, { done: false, value: "followed 1" });
  assert.deepEqual(await notes.next(), { done: false, value: "followed 2" });
  await notes.return?.();
});

test("two clients on one socket share the channel", async () => {
  assert.equal(await new Probe(socket).add(1, 2), 3);
  assert.equal(await probe.add(1, 2), 3);
});

test("when the server goes, what is under way fails, and what comes waits for it to be back", async () => {
  const program = await Program.probe();
  const socket = connect(program.url);
  const probe = new Probe(socket);
  const items = probe.followNotes()[Symbol.asyncIterator]();
  const item = assert.rejects(items.next(), { code: "unavailable", data: { outcome: "unknown" } });
  const call = assert.rejects(probe.hang("killed"), { code: "unavailable", data: { outcome: "unknown" } });
  await probe.unit();

  const lost = event(socket, "reconnecting");
  await program.kill();
  await Promise.all([lost, item, call]);
  probe.note("waited 1");
  probe.note("waited 2");
  const notes = probe.notes();
  const numbers = collect(probe.count(3));
  await program.start();

  assert.deepEqual(await notes, ["waited 1", "waited 2"]);
  assert.deepEqual(await numbers, [0, 1, 2]);
  socket.close();
  await program.kill();
});

test("when nobody will come back, calls fail as not sent", async () => {
  const program = await Program.probe();
  const socket = connect(program.url);
  const probe = new Probe(socket);
  await probe.unit();
  const lost = event(socket, "reconnecting");
  await program.kill();
  await lost;

  const waiting = assert.rejects(probe.unit(), { code: "unavailable", data: { outcome: "not_sent" } });
  socket.close();

  await waiting;
  await assert.rejects(probe.unit(), { code: "unavailable", data: { outcome: "not_sent" } });
  await assert.rejects(collect(probe.count(1)), { code: "unavailable" });
});
