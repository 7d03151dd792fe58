// Raw channels of our client in Node, against a server that comes and goes.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { WebSocket } from "ws";
import { connect, event, Inbox } from "./support/client.js";
import { Program } from "./support/program.js";

const server = await Program.probe();
after(() => server.kill());

test("what is sent before the connection arrives in order", async () => {
  const socket = connect(server.url);
  const inbox = new Inbox<string>();
  socket.onMessage(inbox.push);

  assert.equal(socket.send("1"), 0);
  assert.equal(socket.send("2"), 0);
  await event(socket, "connected");
  assert.equal(socket.send("3"), 1);

  assert.deepEqual(await inbox.first(3), ["1", "2", "3"]);
  assert.match(socket.socketID(), /^[0-9A-Za-z]{20}$/);
  socket.close();
});

test("channels are apart, and carry every text", async () => {
  const socket = connect(server.url);
  const main = new Inbox<string>();
  const golang = new Inbox<string>();
  const texts = ["", "a&b", "日本 😀\u2028\0", "x".repeat(500_000)];

  socket.onMessage(main.push);
  socket.channel("golang").onMessage(golang.push);
  socket.send("main");
  for (const text of texts) socket.channel("golang").send(text);

  assert.deepEqual(await main.first(1), ["main"]);
  assert.deepEqual(await golang.first(4), texts);
  socket.close();
});

test("a socket comes back when its server does, with what was sent meanwhile", async () => {
  const program = await Program.probe();
  const socket = connect(program.url);
  const inbox = new Inbox<string>();
  socket.onMessage(inbox.push);
  await event(socket, "connected");
  const before = socket.socketID();

  const lost = event(socket, "reconnecting");
  await program.kill();
  await lost;
  assert.equal(socket.socketID(), "");
  assert.deepEqual([socket.send("1"), socket.send("2"), socket.channel("golang").send("3")], [0, 0, 0]);
  const back = event(socket, "connected");
  await program.start();
  await back;
  socket.send("4");

  assert.deepEqual(await inbox.first(3), ["1", "2", "4"]);
  assert.notEqual(socket.socketID(), before);
  socket.close();
  await program.kill();
});

test("a socket gives up in the end, and tries again when asked", async () => {
  const program = await Program.probe();
  const socket = connect(program.url, { reconnectDelay: 1, reconnectDelayMax: 1, reconnectAttempts: 2 });
  await event(socket, "connected");

  const ended = event(socket, "disconnected");
  await program.kill();
  await ended;
  assert.ok(socket.isClosed());
  await program.start();
  const back = event(socket, "connected");
  socket.reconnect();
  await back;

  socket.close();
  await program.kill();
});

test("close is final", async () => {
  const socket = connect(server.url);
  await event(socket, "connected");

  const ended = event(socket, "disconnected");
  socket.close();
  await ended;

  assert.equal(socket.state(), "disconnected");
  assert.equal(socket.socketID(), "");
});

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
