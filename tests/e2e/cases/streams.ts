import { Duplex, Probe } from "../generated/index.js";
import { collect } from "../support/collect.js";
import { failure, holds, same } from "./check.js";
import type { Scene } from "./scene.js";

/** Streams. */
export const STREAMS = {
  "a stream yields all its items, large ones too": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());

    same(await collect(probe.count(0)), []);
    same(
      await collect(probe.count(1000)),
      Array.from({ length: 1000 }, (_, n) => n),
    );
    same(
      (await collect(probe.blocks(20, 200_000))).map((block) => block.length),
      Array.from({ length: 20 }, () => 200_000),
    );
  },

  "a slow reader slows the server, whose stream goes when the reader leaves": async (
    scene: Scene,
  ): Promise<void> => {
    const probe = new Probe(scene.connect());
    const label = scene.label();
    const reader = probe.endless(label)[Symbol.asyncIterator]();

    const items = [await reader.next(), await reader.next(), await reader.next()];
    await probe.unit();
    const produced = await probe.produced(label);
    await reader.return?.();

    same(
      items.map((item) => item.value as unknown),
      [0, 1, 2],
    );
    holds(produced <= 64, `${produced} produced for 3 read`);
    await probe.dropped(label);
  },

  "a stream can be read twice": async (scene: Scene): Promise<void> => {
    const stream = new Probe(scene.connect()).count(3);
    same([await collect(stream), await collect(stream)], [[0, 1, 2], [0, 1, 2]]);
  },

  "a stream fails with its error, after the items before it": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const items: number[] = [];
    const read = async (): Promise<void> => {
      for await (const n of probe.failing(3)) items.push(n);
    };

    const error = await failure(read());

    same(items, [0, 1, 2]);
    same([error.code, error.data], ["application", { reason: "exhausted" }]);
    same((await failure(collect(probe.panicking(2)))).code, "internal");
  },

  "leaving the loop, a throw out of it and a signal drop the server's stream": async (
    scene: Scene,
  ): Promise<void> => {
    const probe = new Probe(scene.connect());
    const labels = [scene.label(), scene.label(), scene.label()] as const;
    const abort = new AbortController();
    const leave = async (): Promise<void> => {
      for await (const n of probe.endless(labels[0])) if (n === 100) break;
    };
    const fall = async (): Promise<void> => {
      for await (const n of probe.endless(labels[1])) if (n === 3) throw new Error("enough");
    };
    const stop = async (): Promise<void> => {
      for await (const n of probe.endless(labels[2], { signal: abort.signal })) if (n === 3) abort.abort();
    };

    const ends = [
      await leave(),
      await fall().catch((error: Error) => error.message),
      (await failure(stop())).code,
    ];

    same(ends, [undefined, "enough", "cancelled"]);
    for (const label of labels) await probe.dropped(label);
  },

  "a stream waits for what happens": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const notes = probe.followNotes()[Symbol.asyncIterator]();
    const first = notes.next();
    await probe.unit();

    probe.note("followed 1");
    probe.note("followed 2");

    same([await first, await notes.next()], ["followed 1", "followed 2"].map((value) => ({ done: false, value })));
    await notes.return?.();
  },

  "a reader that stalls on large items keeps less than a mebibyte waiting": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const label = scene.label();
    const reader = duplex.blocks(label, 64 * 1024)[Symbol.asyncIterator]();
    const lengths = [(await reader.next()).value?.length, (await reader.next()).value?.length];

    // Each of these calls gives the server another chance to make more.
    const made: number[] = [];
    for (let n = 0; n < 20; n++) made.push(await duplex.counted(`made:${label}`));
    await reader.return?.();

    same(lengths, [64 * 1024, 64 * 1024]);
    holds(Math.max(...made) - 2 < 16, `made ${made.join()} of 64 KiB, taken 2`);
  },
};
