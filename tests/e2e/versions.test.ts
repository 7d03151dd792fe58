// What docs/CONTRACTS.md says of changes, shown with clients and servers of different age: tests/versions is a channel in two versions.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { connect } from "./support/client.js";
import { Program } from "./support/program.js";
import { Shop as New } from "./versions/new/index.js";
import { type Item, Shop as Old } from "./versions/old/index.js";
import { Rpc } from "./versions/old/runtime/index.js";

const file = (name: string): string => new URL(`versions/${name}`, import.meta.url).pathname;

interface Change {
  readonly rule: string;
  readonly methods: readonly string[];
  readonly breaks: { readonly clients: string; readonly servers: string };
}

interface Report {
  readonly changes: readonly Change[];
  readonly stale: Readonly<Record<string, readonly string[]>>;
}

const report = JSON.parse(readFileSync(file("diff.json"), "utf8")) as Report;

/** What the report says of a method: its rules, and whom they break. */
function judged(method: string): { rules: readonly string[]; clients: boolean; servers: boolean } {
  const changes = report.changes.filter((change) => change.methods.includes(`shop.${method}`));
  return {
    rules: changes.map(({ rule }) => rule),
    clients: changes.some(({ breaks }) => breaks.clients === "all"),
    servers: changes.some(({ breaks }) => breaks.servers === "all"),
  };
}

const oldServer = await Program.version("old");
const newServer = await Program.version("new");
const accepting = await Program.version("new", file("accept.json"));
const programs = [oldServer, newServer, accepting];
const sockets = programs.map(({ url }) => connect(url));
after(async () => {
  for (const socket of sockets) socket.close();
  await Promise.all(programs.map((program) => program.kill()));
});
const [atOld, atNew, atAccepting] = sockets as [(typeof sockets)[0], (typeof sockets)[0], (typeof sockets)[0]];

/** The code that a call fails with: the stubs have runtimes, and so errors, of their own. */
async function code(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error as { code?: unknown },
  );
  return error?.code;
}

/** The channel without hashes, as a client that glue-codegen didn't write: what happens on the wire. */
function bare(socket: (typeof sockets)[0]): Rpc {
  return Rpc.open(connectedAgain(socket), "shop");
}

/** A socket of its own, as all stubs of one socket share the greeting. */
function connectedAgain(socket: (typeof sockets)[0]): (typeof sockets)[0] {
  const program = programs[sockets.indexOf(socket)];
  if (!program) throw new Error("whose socket is it?");
  const own = connect(program.url);
  after(() => own.close());
  return own;
}

test("every change was found, and judged by its rule", () => {
  const rules = Object.fromEntries(
    ["list", "item", "order", "count", "state", "mark", "note", "gone", "fresh", "same", "sold"].map((method) => {
      const { rules, clients, servers } = judged(method);
      return [method, `${rules.join(" ")} ${clients ? "C" : "-"}${servers ? "S" : "-"}`];
    }),
  );

  assert.deepEqual(rules, {
    list: "argument-added --",
    item: "field-added -S",
    order: "field-added C-",
    count: "number-narrowed C-",
    state: "variant-added C-",
    mark: "variant-added -S",
    note: "field-added field-removed CS",
    gone: "method-removed C-",
    fresh: "method-added -S",
    same: " --",
    sold: "field-added -S",
  });
  assert.deepEqual(report.stale, { shop: ["item", "list", "mark", "note", "order", "sold", "state"] });
});

test("old clients at a new server that accepts them: what is compatible works", async () => {
  const shop = new Old(atAccepting);
  const sold = new Promise<Item>((resolve) => shop.on("sold", ({ item }) => resolve(item)));

  const results = [await shop.list("tea"), await shop.item("cup"), await shop.mark("Good"), await shop.same()];

  assert.deepEqual(results, [["tea"], { name: "cup", stock: 7 }, "good", "same"]);
  assert.deepEqual(await sold, { name: "cup", stock: 6 });
  for (const method of ["list", "item", "mark", "same", "sold"]) assert.equal(judged(method).clients, false, method);
});

test("old clients at a new server that accepts them: what breaks them fails, and nothing is sent", async () => {
  const shop = new Old(atAccepting);
  const calls = { order: shop.order({ name: "cup" }), state: shop.state(), note: shop.note(), gone: shop.gone() };

  const codes = await Promise.all(Object.values(calls).map(code));

  assert.deepEqual(new Set(codes), new Set(["stale_client"]));
  for (const method of Object.keys(calls)) assert.equal(judged(method).clients, true, method);
});

test("old clients at a new server: a smaller number is refused where it is too large", async () => {
  const shop = new Old(atAccepting);

  assert.equal(await shop.count(200), 200);
  assert.equal(await code(shop.count(300)), "invalid_argument");
});

test("old clients at a new server that knows nothing of them: only what hasn't changed at all works", async () => {
  const shop = new Old(atNew);
  let events = 0;
  shop.on("sold", () => events++);

  assert.equal(await shop.same(), "same");
  assert.equal(await shop.count(200), 200);
  const calls = [shop.list("tea"), shop.item("cup"), shop.mark("Good"), shop.state()];
  assert.deepEqual(new Set(await Promise.all(calls.map(code))), new Set(["stale_client"]));
  assert.equal(events, 0, "an event that has changed isn't delivered");
});

test("on the wire, old clients fail at a new server as the rules say", async () => {
  const rpc = bare(atNew);

  assert.deepEqual(await rpc.call("list", { query: "tea" }), ["tea"]);
  assert.equal(await code(rpc.call("order", { order: { name: "cup" } })), "invalid_argument");
  assert.equal(await code(rpc.call("gone", {})), "unimplemented");
  assert.equal(await rpc.call("state", {}), "Moving", "a value that they don't know");
  const note = (await rpc.call("note", {})) as { text?: string };
  assert.equal(note.text, undefined, "they read undefined");
});

test("on the wire, new clients fail at an old server as the rules say", async () => {
  const rpc = bare(atOld);

  assert.deepEqual(await rpc.call("list", { query: "tea", limit: 2 }), ["tea"], "the argument is ignored");
  assert.equal(await rpc.call("order", { order: { name: "cup", pieces: 2 } }), "cup", "the field is ignored");
  assert.equal(await rpc.call("count", { pieces: 200 }), 200);
  assert.equal(await rpc.call("state", {}), "Open");
  assert.equal(await code(rpc.call("mark", { mark: "Mixed" })), "invalid_argument");
  assert.equal(await code(rpc.call("fresh", {})), "unimplemented");
  const item = (await rpc.call("item", { name: "cup" })) as { stock?: number };
  assert.equal(item.stock, undefined, "they read undefined");
  for (const method of ["list", "order", "count", "state"]) assert.equal(judged(method).servers, false, method);
  for (const method of ["mark", "fresh", "item"]) assert.equal(judged(method).servers, true, method);
});

test("new clients at an old server refuse all that has changed", async () => {
  const shop = new New(atOld);

  assert.equal(await shop.same(), "same");
  assert.equal(await shop.count(200), 200);
  const calls = [shop.list("tea"), shop.item("cup"), shop.mark("Good"), shop.fresh()];
  assert.deepEqual(new Set(await Promise.all(calls.map(code))), new Set(["stale_client"]));
});
