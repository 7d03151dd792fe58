import assert from "node:assert/strict";
import { test } from "node:test";
import { Rpc } from "../src/rpc/caller.js";
import type { RpcChannel, RpcSocket } from "../src/rpc/options.js";
import { callWith } from "../src/rpc/upload.js";

/** The original client as typed calls see it: nothing is said at a loss, and `connected` may come twice. */
class OriginalSocket implements RpcSocket {
  sent: string[] = [];
  #id = "";
  #listener: (data: string) => void = () => {};
  readonly #listeners = new Map<string, (() => void)[]>();

  channel(): RpcChannel {
    return {
      send: (data) => {
        assert.notEqual(this.#id, "", "sent without a session");
        this.sent.push(data);
      },
      onMessage: (listener) => {
        this.#listener = listener;
      },
    };
  }

  on(event: string, listener: () => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  socketID(): string {
    return this.#id;
  }

  type(): string {
    return "AjaxSocket";
  }

  emit(event: string, id = this.#id): void {
    this.#id = id;
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }

  lose(): void {
    this.#id = "";
  }

  receive(data: string): void {
    this.#listener(data);
  }

  take(): string[] {
    return this.sent.splice(0);
  }
}

const HELLO = 'hi&{"peer":"ts/0.1.0"}';

test("calls run over the original client", async () => {
  const socket = new OriginalSocket();
  const rpc = Rpc.open(socket, "a");
  const call = rpc.call("f", {});
  assert.deepEqual(socket.take(), []);

  socket.emit("connecting");
  socket.emit("connected", "S");
  socket.emit("connected");
  assert.deepEqual(socket.take(), [HELLO, "rq1&f&{}"]);
  socket.receive("ok1&7");

  assert.equal(await call, 7);
});

test("a silent loss is noticed with the next call", async () => {
  const socket = new OriginalSocket();
  const rpc = Rpc.open(socket, "a");
  socket.emit("connected", "S");
  const sent = assert.rejects(rpc.call("sent", {}), { data: { outcome: "unknown" } });
  socket.take();

  socket.lose();
  const waiting = rpc.call("waiting", {});
  await sent;
  socket.emit("reconnecting");
  socket.emit("connected", "T");

  assert.deepEqual(socket.take(), [HELLO, "rq1&waiting&{}"]);
  socket.receive("ok1&1");
  assert.equal(await waiting, 1);
});

//
test("an abort wins over a loss that is noticed with it", async () => {
  const socket = new OriginalSocket();
  const rpc = Rpc.open(socket, "a");
  socket.emit("connected", "S");
  const controller = new AbortController();
  const cancelled = assert.rejects(rpc.call("f", {}, { signal: controller.signal }), { code: "cancelled" });

  socket.lose();
  controller.abort();

  await cancelled;
});

test("a loss is noticed with the attempt that follows", async () => {
  const socket = new OriginalSocket();
  const rpc = Rpc.open(socket, "a");
  socket.emit("connected", "S");
  const sent = assert.rejects(rpc.call("sent", {}), { data: { outcome: "unknown" } });

  socket.emit("error");
  socket.lose();
  socket.emit("reconnecting");

  await sent;
});

test("the end is told by disconnected and taken back by the next attempt", async () => {
  const socket = new OriginalSocket();
  const rpc = Rpc.open(socket, "a");
  const waiting = assert.rejects(rpc.call("f", {}), { data: { outcome: "not_sent" } });

  socket.emit("disconnected");
  await waiting;
  await assert.rejects(rpc.call("f", {}), { code: "unavailable" });
  socket.emit("reconnecting");
  const revived = rpc.call("f", {});
  socket.emit("connected", "S");
  socket.receive("ok1&1");

  assert.equal(await revived, 1);
});

test("what is called because a session was lost comes behind the greeting of the next", () => {
  const socket = new OriginalSocket();
  const rpc = Rpc.open(socket, "a");
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: async () => {
        void rpc.call("g", {});
        return { done: true as const, value: undefined };
      },
    }),
  };
  socket.emit("connected", "S");
  callWith(rpc, "f", {}, source).catch(() => {});
  socket.take();

  socket.emit("connected", "T");

  assert.deepEqual(socket.take(), [HELLO, "rq1&g&{}"]);
});
