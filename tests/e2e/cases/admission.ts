import { GlueError, Probe } from "../generated/index.js";
import { event, Inbox } from "../support/inbox.js";
import { failure, holds, same } from "./check.js";
import type { Scene } from "./scene.js";

/** What the server lets in: clients by what they say of themselves, and texts by their size. */
export const ADMISSION = {
  "each attempt says anew who it is": async (scene: Scene): Promise<void> => {
    let asked = 0;
    const socket = scene.connect({
      auth: async () => {
        asked++;
        return "Ann";
      },
    });
    await event(socket, "connected");

    const back = event(socket, "connected");
    socket.channel("order").send("close");
    await back;

    same(asked, 2);
  },

  "who is refused is told why, and may come again": async (scene: Scene): Promise<void> => {
    const names = ["nobody", "Ann"];
    const socket = scene.connect({ auth: () => names.shift() });
    const refusal = event(socket, "error");
    const sum = new Probe(socket).add(1, 2);

    const error = await refusal;

    holds(error instanceof GlueError, "it is an error of ours");
    same([(error as GlueError).code, (error as GlueError).message], ["unauthenticated", "sign in"]);
    same(await sum, 3);
  },

  "who is refused for good stays away until it is asked": async (scene: Scene): Promise<void> => {
    const names = ["Bob", "Ann"];
    const socket = scene.connect({ auth: () => names.shift() });
    const errors = new Inbox<unknown>();
    socket.on("error", errors.push);
    const call = failure(new Probe(socket).unit());

    const over = await failure(socket.ready());

    const [error] = (await errors.first(1)) as [GlueError];
    same([error.code, error.message, error.data], ["permission_denied", "not you", "Bob"]);
    same([over.code, over.cause === error, (await call).code], ["unavailable", true, "unavailable"]);
    same(socket.state(), "disconnected");
    socket.reconnect();
    await socket.ready();
  },

  "where nobody waits any more, waiting fails": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const abort = new AbortController();

    const waiting = failure(socket.ready({ signal: abort.signal }));
    abort.abort();

    same((await waiting).code, "cancelled");
    await socket.ready();
  },

  "what the server wouldn't take is handed back, and the session goes on": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const probe = new Probe(socket);
    const text = "x".repeat(1024 * 1024);
    const discarded: string[] = [];
    await socket.ready();
    const id = socket.socketID();

    const result = socket.send(text, (data) => discarded.push(data));
    const error = await failure(probe.echoText(text));

    same([result, discarded.length, discarded[0] === text], [-1, 1, true]);
    same(error.code, "resource_exhausted");
    same(await probe.add(1, 2), 3);
    same(socket.socketID(), id);
  },

  "what waits and turns out to be too much for the server is handed back, and the rest arrives": async (
    scene: Scene,
  ): Promise<void> => {
    const socket = scene.connect();
    const inbox = new Inbox<string>();
    const discarded: number[] = [];
    socket.onMessage(inbox.push);

    const results = ["before", "x".repeat(1024 * 1024), "behind"].map((text) =>
      socket.send(text, (data) => discarded.push(data.length)),
    );

    same(await inbox.first(2), ["before", "behind"]);
    same([results, discarded], [[0, 0, 0], [1024 * 1024]]);
  },
};
