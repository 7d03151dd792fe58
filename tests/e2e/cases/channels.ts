import { Probe } from "../generated/index.js";
import { event, Inbox } from "../support/inbox.js";
import { failure, holds, same } from "./check.js";
import type { Scene } from "./scene.js";

/** The server's limit for one message, with `cd1&m` in front, and without what the client leaves to numbers [T-7]. */
const LARGEST = 1024 * 1024 - 5 - 48;

/** Raw channels, and the life of a socket. */
export const CHANNELS = {
  "a socket is of the kind that was asked for": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();

    await event(socket, "connected");

    same(socket.type(), scene.setting.options.forceSocketType);
    holds(/^[0-9A-Za-z]{20}$/.test(socket.socketID()), "it has an id");
  },

  "what is sent before the connection arrives first, in order": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const inbox = new Inbox<string>();
    socket.onMessage(inbox.push);

    const early = [socket.send("1"), socket.send("2")];
    await event(socket, "connected");
    const late = socket.send("3");

    same([early, late], [[0, 0], 1]);
    same(await inbox.first(3), ["1", "2", "3"]);
  },

  "a thousand texts on two channels keep their order": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const main = new Inbox<string>();
    const golang = new Inbox<string>();
    const texts = Array.from({ length: 1000 }, (_, n) => `text ${n}`);
    socket.onMessage(main.push);
    socket.channel("golang").onMessage(golang.push);
    await event(socket, "connected");

    for (const text of texts) {
      socket.send(text);
      socket.channel("golang").send(text);
    }

    same(await main.first(1000), texts);
    same(await golang.first(1000), texts);
  },

  "every text arrives: the empty one, and what only looks like a command": async (
    scene: Scene,
  ): Promise<void> => {
    const socket = scene.connect();
    const inbox = new Inbox<string>();
    const texts = ["", "a&b", "cl", "ba3&1&x", "日本 😀 \u2028\u2029\0\r\n\ufeff", "\ufeff", "", "é".repeat(4095)];
    socket.onMessage(inbox.push);

    for (const text of texts) socket.send(text);

    same(await inbox.first(texts.length), texts);
  },

  "half of a surrogate pair is no text, and arrives as U+FFFD": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const inbox = new Inbox<string>();
    socket.onMessage(inbox.push);
    await event(socket, "connected");

    for (const text of ["a\ud83d", "\ude00b", "\ud83d\ude00"]) socket.send(text);

    same(await inbox.first(3), ["a\ufffd", "\ufffdb", "😀"]);
  },

  "the largest message that the server takes": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const inbox = new Inbox<string>();
    const texts = ["x".repeat(LARGEST), `xxx${"😀".repeat((LARGEST - 3) / 4)}`];
    socket.onMessage(inbox.push);

    for (const text of texts) socket.send(text);

    const echoes = await inbox.first(2);
    holds(echoes[0] === texts[0] && echoes[1] === texts[1], "both came back whole");
  },

  "close is final, and the server is told": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const socket = scene.connect();
    const states: string[] = [];
    for (const name of ["connected", "reconnecting", "disconnected", "error"] as const)
      socket.on(name, () => states.push(name));
    await event(socket, "connected");
    const id = socket.socketID();

    socket.close();

    same((await probe.ended(id)).reason, "Peer");
    same(states, ["connected", "disconnected"]);
    same([socket.state(), socket.socketID(), socket.isClosed()], ["disconnected", "", true]);
  },

  "what was sent before close still arrives": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const socket = scene.connect();
    const label = scene.label();
    await event(socket, "connected");

    for (let n = 0; n < 100; n++) socket.channel("journal").send(`${label}:${n}`);
    socket.close();

    same(
      await probe.journal(label, "99"),
      Array.from({ length: 100 }, (_, n) => String(n)),
    );
  },

  "a closed socket can be revived": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const inbox = new Inbox<string>();
    socket.onMessage(inbox.push);
    await event(socket, "connected");
    const id = socket.socketID();

    socket.close();
    socket.reconnect();
    socket.send("again");

    same(await inbox.first(1), ["again"]);
    holds(socket.socketID() !== id, "it is another session");
  },

  "a socket that the server closes comes back": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    await event(socket, "connected");
    const id = socket.socketID();
    const back = event(socket, "connected");

    socket.channel("order").send("close");

    await back;
    holds(socket.socketID() !== id, "it is another session");
  },

  "a socket that the server dismisses stays away until it is asked": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const states: string[] = [];
    for (const name of ["connected", "reconnecting", "disconnected"] as const)
      socket.on(name, () => states.push(name));
    await event(socket, "connected");
    const over = event(socket, "disconnected");

    socket.channel("order").send("dismiss");
    await over;
    same([socket.state(), socket.isClosed()], ["disconnected", true]);
    const back = event(socket, "connected");
    socket.reconnect();
    await back;

    same(states, ["connected", "disconnected", "reconnecting", "connected"]);
  },

  "a socket comes back with its server, and brings what was sent meanwhile": async (
    scene: Scene,
  ): Promise<void> => {
    const socket = scene.connect();
    const inbox = new Inbox<string>();
    socket.onMessage(inbox.push);
    await event(socket, "connected");
    const id = socket.socketID();

    const lost = event(socket, "reconnecting");
    await scene.order("kill");
    await lost;
    // The server may be there again, for all that the client knows, and go on.
    same([socket.state(), socket.socketID()], ["reconnecting", id]);
    same([socket.send("1"), socket.send("2")], [0, 0]);
    const back = event(socket, "connected");
    await scene.order("start");
    await back;
    same(socket.send("3"), 1);

    same(await inbox.first(3), ["1", "2", "3"]);
    holds(socket.socketID() !== id, "it is another session");
  },

  "what waits too long for a connection is handed back": async (scene: Scene): Promise<void> => {
    const socket = scene.connect({ resume: false, resetSendBufferTimeout: 50 });
    await event(socket, "connected");
    const lost = event(socket, "reconnecting");
    await scene.order("kill");
    await lost;
    const discarded = new Inbox<string>();
    const told = event(socket, "discard_send_buffer");

    const results = [socket.send("1", discarded.push), socket.channel("golang").send("", discarded.push)];
    await told;
    results.push(socket.send("late", discarded.push));
    const back = event(socket, "connected");
    await scene.order("start");
    await back;

    same(results, [0, 0, -1]);
    same(discarded.all, ["1", "", "late"]);
    same(socket.send("taken"), 1);
  },

  "a socket gives up in the end": async (scene: Scene): Promise<void> => {
    const socket = scene.connect({ reconnectDelay: 1, reconnectDelayMax: 1, reconnectAttempts: 2 });
    await event(socket, "connected");
    const over = event(socket, "disconnected");

    await scene.order("kill");
    await over;
    const call = await failure(new Probe(socket).unit());
    await scene.order("start");

    same([call.code, call.data], ["unavailable", { outcome: "not_sent" }]);
    same(socket.isClosed(), true);
  },
};
