import { Duplex, Vault } from "../generated/index.js";
import { event } from "../support/inbox.js";
import { Numbers } from "../support/numbers.js";
import { failure, holds, same } from "./check.js";
import type { Scene } from "./scene.js";

/** How calls end before their time: deadlines and cancelling. */
export const ENDINGS = {
  "a call whose time has run out fails, and the server drops it": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const labels = [scene.label(), scene.label(), scene.label()] as const;
    const numbers = new Numbers();

    const errors = await Promise.all([
      failure(duplex.hang(labels[0], { timeoutMs: 50 })),
      failure(read(duplex.hangStream(labels[1], { timeoutMs: 50 }))),
      failure(duplex.hangUpload(labels[2], numbers, { timeoutMs: 50 })),
    ]);

    same(
      errors.map(({ code }) => code),
      ["deadline_exceeded", "deadline_exceeded", "deadline_exceeded"],
    );
    for (const label of labels) await duplex.reached(`gone:${label}`, 1);
  },

  "a channel has a time for all its calls, and a call its own": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const patient = new Duplex(socket);
    const hasty = new Duplex(socket, { timeoutMs: 50 });
    const label = scene.label();

    const error = await failure(hasty.hang(label));
    const [none, own] = [await patient.remaining(), await hasty.remaining({ timeoutMs: 60_000 })];

    same([error.code, none], ["deadline_exceeded", null]);
    holds(own !== null && own > 0 && own <= 60_000, `${own} ms left of 60 000`);
    await patient.reached(`gone:${label}`, 1);
  },

  "the server has the last word on time": async (scene: Scene): Promise<void> => {
    const vault = new Vault(scene.connect());

    const left = [await vault.remaining(), await vault.remaining({ timeoutMs: 3_600_000 })];

    for (const ms of left) holds(ms !== null && ms > 0 && ms <= 60_000, `${ms} ms left of a minute`);
  },

  "time runs while a call waits for a connection": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const duplex = new Duplex(socket);
    await duplex.unit();
    const lost = event(socket, "reconnecting");
    await scene.order("kill");
    await lost;

    const error = await failure(duplex.unit({ timeoutMs: 50 }));
    await scene.order("start");

    same(error.code, "deadline_exceeded");
    await duplex.unit();
  },

  "a signal drops a call, a stream and an upload": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const labels = [scene.label(), scene.label(), scene.label()] as const;
    const { signal, abort } = controller();
    const numbers = new Numbers();
    const ends = [
      failure(duplex.hang(labels[0], { signal })),
      failure(read(duplex.hangStream(labels[1], { signal }))),
      failure(duplex.sumSlowly(labels[2], 1, numbers, { signal })),
    ];
    await duplex.reached(`taken:${labels[2]}`, 1);

    abort();

    same(
      (await Promise.all(ends)).map(({ code }) => code),
      ["cancelled", "cancelled", "cancelled"],
    );
    for (const label of [labels[0], labels[1]]) await duplex.reached(`gone:${label}`, 1);
    await numbers.left;
  },

  "leaving the loop of a stream both ways drops it at the server, and its source here": async (
    scene: Scene,
  ): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const label = scene.label();
    const numbers = new Numbers();

    for await (const n of duplex.double(label, numbers)) if (n === 20) break;

    await numbers.left;
    await duplex.reached(`gone:${label}`, 1);
  },

  "the end of a socket drops all that it has under way": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const duplex = new Duplex(socket);
    const labels = [scene.label(), scene.label(), scene.label(), scene.label()] as const;
    const numbers = new Numbers();
    const ends = [
      failure(duplex.hang(labels[0])),
      failure(read(duplex.hangStream(labels[1]))),
      failure(duplex.hangUpload(labels[2], numbers)),
    ];
    const items = duplex.double(labels[3], [1, 2, 3])[Symbol.asyncIterator]();
    await items.next();
    await duplex.unit();

    socket.close();

    const [witness, codes] = [new Duplex(scene.connect()), (await Promise.all(ends)).map(({ code }) => code)];
    same(codes, ["unavailable", "unavailable", "unavailable"]);
    for (const label of labels) await witness.reached(`gone:${label}`, 1);
  },

  "a method that must finish does so, whoever has left": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const [duplex, witness] = [new Duplex(socket), new Duplex(scene.connect())];
    const labels = [scene.label(), scene.label(), scene.label(), scene.label()] as const;
    const { signal, abort } = controller();
    const waiting = duplex.finish(labels[0]);
    const aborted = failure(duplex.finish(labels[1], { signal }));
    const late = failure(duplex.finish(labels[2], { timeoutMs: 50 }));
    const lost = failure(duplex.finish(labels[3]));
    await duplex.unit();

    abort();
    same([(await aborted).code, (await late).code], ["cancelled", "deadline_exceeded"]);
    await witness.count(`go:${labels[0]}`);
    await waiting;
    socket.close();
    same((await lost).code, "unavailable");
    same(await Promise.all(labels.slice(1).map((label) => witness.counted(`done:${label}`))), [0, 0, 0]);
    for (const label of labels.slice(1)) await witness.count(`go:${label}`);

    for (const label of labels) await witness.reached(`done:${label}`, 1);
  },

  "a sequential channel runs one call at a time": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const [vault, duplex] = [new Vault(socket), new Duplex(socket)];
    const labels = [scene.label(), scene.label()] as const;
    const order: string[] = [];
    const waits = labels.map((label, n) => vault.wait(label).then(() => order.push(`waited ${n}`)));
    const name = vault.name().then(() => order.push("named"));

    // It has its own channel, and is answered ahead of all of them.
    await duplex.count(`go:${labels[1]}`);
    order.push("counted");
    await duplex.count(`go:${labels[0]}`);
    await Promise.all([...waits, name]);

    same(order, ["counted", "waited 0", "waited 1", "named"]);
  },

  "on a sequential channel a call that is aborted makes room for the next": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const [vault, duplex] = [new Vault(socket), new Duplex(socket)];
    const labels = [scene.label(), scene.label()] as const;
    const [running, queued] = [controller(), controller()];
    const first = failure(vault.wait(labels[0], { signal: running.signal }));
    const second = failure(vault.wait(labels[1], { signal: queued.signal }));
    const name = vault.name();
    await duplex.unit();

    queued.abort();
    running.abort();

    same([(await first).code, (await second).code, await name], ["cancelled", "cancelled", null]);
    await duplex.reached(`gone:${labels[0]}`, 1);
    same(await duplex.counted(`gone:${labels[1]}`), 0);
  },
};

async function read(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

function controller(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
