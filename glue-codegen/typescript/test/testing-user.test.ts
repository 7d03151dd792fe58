// Tests as an application would write them, of an application that is here at the top.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CallOptions,
  GlueError,
  glue,
  Rpc,
  type RpcSocket,
  type Socket,
  type Unsubscribe,
} from "../src/index.js";
import { MemoryNetwork, type NetworkOptions, type PeerRpc } from "../src/testing/index.js";

interface Message {
  readonly id: number;
  readonly text: string;
}

/** What glue-codegen writes. */
class Chat {
  readonly #rpc: Rpc;

  constructor(socket: RpcSocket) {
    this.#rpc = Rpc.open(socket, "chat", { schema: "65ae305f35156609" });
  }

  post(room: string, text: string, options?: CallOptions): Promise<number> {
    return this.#rpc.call("post", { room, text }, options);
  }

  watch(room: string, options?: CallOptions): AsyncIterable<Message> {
    return this.#rpc.stream("watch", { room }, options);
  }

  on(event: "joined", listener: (event: { readonly user: string }) => void): Unsubscribe {
    return this.#rpc.on(event, listener);
  }
}

/** A window that shows a room, also across losses of the connection. */
class Room {
  readonly lines: string[] = [];
  readonly #chat: Chat;

  constructor(socket: Socket) {
    this.#chat = new Chat(socket);
    this.#chat.on("joined", ({ user }) => this.lines.push(`* ${user}`));
    // What is followed goes on in a session that goes on.
    socket.on("connected", ({ isResumed }) => {
      if (!isResumed) this.#follow();
    });
  }

  async say(text: string): Promise<void> {
    try {
      this.lines.push(`sent ${await this.#chat.post("lobby", text)}`);
    } catch (error) {
      this.lines.push(`failed: ${GlueError.from(error).message}`);
    }
  }

  async #follow(): Promise<void> {
    try {
      for await (const { text } of this.#chat.watch("lobby")) this.lines.push(text);
    } catch {
      this.lines.push("…");
    }
  }
}

interface Scene {
  readonly network: MemoryNetwork;
  readonly room: Room;
  readonly chat: PeerRpc;
}

/** How the client gets through: by the first kind of transport, or by the second as the first is blocked on its way. */
for (const type of ["WebSocket", "AjaxSocket"] as const) {
  const open = async (options?: NetworkOptions): Promise<Scene> => {
    const network = new MemoryNetwork(options);
    if (type === "AjaxSocket") network.faults.refuse("WebSocket");
    const room = new Room(glue("http://server", network.options));
    const peer = await network.accept();
    assert.equal(peer.type, type);
    return { network, room, chat: peer.rpc("chat") };
  };

  test(`${type}: lines, answers and events are shown in the order of their arrival`, async () => {
    const { network, room, chat } = await open();
    const watch = await chat.nextCall();
    chat.serve({ post: ({ text }: { text: string }) => text.length });

    watch.item({ id: 1, text: "welcome" });
    await room.say("hello");
    chat.emit("joined", { user: "ann" });
    await network.clock.settle();

    assert.deepEqual(watch.args, { room: "lobby" });
    assert.deepEqual(room.lines, ["welcome", "sent 5", "* ann"]);
  });

  test(`${type}: an error of the server is shown`, async () => {
    const { room, chat } = await open();
    await chat.nextCall();
    const said = room.say("hello");

    (await chat.nextCall()).fail(new GlueError("application", "the room is full"));
    await said;

    assert.deepEqual(room.lines, ["failed: the room is full"]);
  });

  test(`${type}: the room is followed on after a loss`, async () => {
    const { network, room, chat } = await open();
    const watch = await chat.nextCall();
    watch.item({ id: 1, text: "before" });
    await network.clock.settle();

    network.faults.cut();
    watch.item({ id: 2, text: "meanwhile" });
    await network.clock.advance(1_000);
    watch.item({ id: 3, text: "after" });
    await network.clock.settle();

    assert.deepEqual(room.lines, ["before", "meanwhile", "after"]);
  });

  test(`${type}: the room is followed again after the loss of the session`, async () => {
    const { network, room, chat } = await open();
    (await chat.nextCall()).item({ id: 1, text: "before" });
    await network.clock.settle();
    const lostAt = network.clock.now();

    network.restart();
    const peer = await network.accept();
    (await peer.rpc("chat").nextCall()).item({ id: 2, text: "after" });
    await network.clock.settle();

    assert.deepEqual(room.lines, ["before", "…", "after"]);
    assert.ok(network.clock.now() <= lostAt + 1_000, "it came back late");
  });

  test(`${type}: what is said while there is no connection arrives once there is one`, async () => {
    const { network, room } = await open({ resume: false });
    network.onSocket((peer) => peer.rpc("chat").serve({ post: () => 1 }));
    network.faults.refuse();
    network.faults.cut();
    await network.clock.settle();

    const said = room.say("hello");
    await network.clock.advance(5_000);
    assert.deepEqual(room.lines, ["…"]);
    network.faults.admit(type);
    await network.accept();
    await said;

    assert.deepEqual(
      room.lines.filter((line) => line.startsWith("sent")),
      ["sent 1"],
    );
  });

  for (const [seed, resume] of [1, 2, 3, 4, 5].flatMap((seed) => [
    [seed, false] as const,
    [seed, true] as const,
  ])) {
    const kind = resume ? "once" : "once or reported";
    test(`${type}: every line is posted ${kind}, however the connection breaks: seed ${seed}`, async () => {
      const { network, room, chat } = await open({ seed, resume });
      const posted: string[] = [];
      const methods = {
        post: ({ text }: { text: string }) => posted.push(text),
        async *watch() {},
      };
      chat.serve(methods);
      network.onSocket((peer) => peer.rpc("chat").serve(methods));
      network.faults.cutAtRandom(12);
      network.faults.cut();

      for (let line = 0; line < 20; line++) {
        let done = false;
        room.say(`${line}`).then(() => {
          done = true;
        });
        await network.clock.until(() => done);
      }

      assert.equal(new Set(posted).size, posted.length, "posted twice");
      const sent = room.lines.filter((line) => line.startsWith("sent")).length;
      const failed = room.lines.filter((line) => line.startsWith("failed")).length;
      assert.equal(sent + failed, 20);
      assert.ok(sent <= posted.length && posted.length <= 20);
      assert.equal(failed > 0, !resume, `${failed} failed`);
    });
  }
}
