import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CallOptions,
  Fake,
  GlueError,
  type Handler,
  isError,
  type Stubs,
  type Throws,
} from "../src/index.js";

type RoomsEvents = { readonly joined: { readonly user: string } };
type RoomsHandlers = { readonly confirm: Handler<{ readonly question: string }, boolean, "declined"> };

interface RoomsApi {
  post(text: string, options?: CallOptions): Promise<number> & Throws<"full">;
  sendFile(name: string, options?: CallOptions): Promise<void> & Throws<"full">;
  watch(room: string, options?: CallOptions): AsyncIterable<string> & Throws<"full">;
  typing(): void;
  on<E extends keyof RoomsEvents>(event: E, listener: (event: RoomsEvents[E]) => void): () => void;
  handle<M extends keyof RoomsHandlers>(method: M, handler: RoomsHandlers[M]): () => void;
}

class FakeRooms implements RoomsApi {
  readonly fake: Fake<RoomsApi, RoomsEvents, RoomsHandlers>;

  constructor(stubs: Stubs<RoomsApi> = {}) {
    this.fake = new Fake("rooms", stubs);
  }

  readonly post: RoomsApi["post"] = (...args) => this.fake.call("post", args);
  readonly sendFile: RoomsApi["sendFile"] = (...args) => this.fake.call("sendFile", args, "send_file");
  readonly watch: RoomsApi["watch"] = (...args) => this.fake.stream("watch", args);
  readonly typing: RoomsApi["typing"] = (...args) => this.fake.notify("typing", args);
  readonly on: RoomsApi["on"] = (event, listener) => this.fake.on(event, listener);
  readonly handle: RoomsApi["handle"] = (method, handler) => this.fake.handle(method, handler);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
}

test("a fake answers by its stubs and records what was called", async () => {
  let typed = 0;
  const rooms = new FakeRooms({
    post: (text) => text.length,
    watch: (room) => [room, "!"],
    typing: () => {
      typed++;
    },
  });

  assert.equal(await rooms.post("hello", { timeoutMs: 5 }), 5);
  const watch = rooms.watch("lobby");
  assert.deepEqual(
    [await all(watch), await all(watch)],
    [
      ["lobby", "!"],
      ["lobby", "!"],
    ],
  );
  rooms.typing();

  assert.equal(typed, 1);
  assert.deepEqual(rooms.fake.calls, [
    { method: "post", args: ["hello", { timeoutMs: 5 }] },
    { method: "watch", args: ["lobby"] },
    { method: "typing", args: [] },
  ]);
});

test("what has no stub is unimplemented, and a notification is only recorded", async () => {
  const rooms = new FakeRooms();

  await assert.rejects(rooms.post("x"), { code: "unimplemented", method: "rooms.post" });
  await assert.rejects(all(rooms.watch("x")), { code: "unimplemented" });
  rooms.typing();

  assert.equal(rooms.fake.calls.length, 3);
});

test("what a stub throws as its own error passes the guard of its method", async () => {
  const full = (): never => {
    throw new GlueError("application", "no", { data: "full" });
  };
  const mistake = new TypeError("mine");
  const rooms = new FakeRooms({
    sendFile: full,
    watch: full,
    post: () => {
      throw mistake;
    },
  });

  await assert.rejects(rooms.sendFile("x"), (error) => isError(error, "rooms", "send_file"));
  await assert.rejects(all(rooms.watch("x")), (error) => isError(error, "rooms", "watch"));
  await assert.rejects(rooms.post("x"), (error) => error === mistake);
});

test("what every object has is no stub", async () => {
  const fake = new Fake<{ toString(): Promise<string> }, object, object>("texts", {});

  await assert.rejects(fake.call("toString", []), { code: "unimplemented" });
});

test("what ends a registration ends no later one of the same function", async () => {
  const rooms = new FakeRooms();
  const confirm = (): boolean => true;
  const unsubscribe = rooms.handle("confirm", confirm);
  unsubscribe();
  rooms.handle("confirm", confirm);

  unsubscribe();

  assert.equal(await rooms.fake.request("confirm", { question: "?" }), true);
});

test("events and calls of the server are the test's to make", async () => {
  const rooms = new FakeRooms();
  const got: string[] = [];
  const remove = rooms.on("joined", ({ user }) => got.push(user));
  rooms.fake.emit("joined", { user: "ann" });
  remove();
  rooms.fake.emit("joined", { user: "bob" });
  assert.deepEqual(got, ["ann"]);

  await assert.rejects(rooms.fake.request("confirm", { question: "?" }), { code: "unimplemented" });
  const unsubscribe = rooms.handle("confirm", ({ question }, { fail }) =>
    question === "?" ? true : fail("declined"),
  );
  assert.equal(await rooms.fake.request("confirm", { question: "?" }), true);
  await assert.rejects(rooms.fake.request("confirm", { question: "!" }), {
    code: "application",
    data: "declined",
  });
  assert.throws(() => rooms.handle("confirm", () => true), { code: "invalid_argument" });
  unsubscribe();
  rooms.handle("confirm", () => false);
  assert.equal(await rooms.fake.request("confirm", { question: "?" }), false);
});
