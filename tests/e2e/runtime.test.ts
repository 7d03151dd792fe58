// What only shows in Node, where a test sees what travels.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { WebSocket } from "ws";
import { Duplex, safe } from "./generated/index.js";
import { connect } from "./support/client.js";
import { event, Inbox } from "./support/inbox.js";
import { Program } from "./support/program.js";

const server = await Program.probe();
after(() => server.kill());

test("a quiet socket lives on the server's pings", async () => {
  const pings = new Inbox<string>();
  class Watched extends WebSocket {
    constructor(url: string) {
      super(url);
      this.on("message", (data) => {
        if (String(data) === "pi") pings.push("pi");
      });
    }
  }
  const socket = connect(server.url, { WebSocket: Watched });
  await event(socket, "connected");
  const id = socket.socketID();

  await pings.first(3);

  assert.equal(socket.socketID(), id);
  socket.close();
});

test("where there is no WebSocket at all, the socket takes to Ajax", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  Object.defineProperty(globalThis, "WebSocket", { value: undefined, configurable: true });
  const socket = connect(server.url, { WebSocket: undefined });
  if (own) Object.defineProperty(globalThis, "WebSocket", own);

  await event(socket, "connected");

  assert.equal(socket.type(), "AjaxSocket");
  socket.close();
});

test("calls that come faster than the server allows fail, and only those", async () => {
  const strict = await Program.probe("--rate", "2");
  try {
    for (const forceSocketType of ["WebSocket", "AjaxSocket"] as const) {
      const socket = connect(strict.url, { forceSocketType });
      const duplex = new Duplex(socket);

      const calls = await Promise.all(Array.from({ length: 50 }, () => safe(duplex.unit())));

      const refused = calls.flatMap((call) => (call.ok ? [] : [call.error.code]));
      assert.ok(refused.length > 0 && refused.length <= 48, `${refused.length} of 50 were refused`);
      assert.deepEqual([...new Set(refused)], ["resource_exhausted"]);
      socket.close();
    }
  } finally {
    await strict.kill();
  }
});
