import { Duplex } from "../generated/index.js";
import { collect } from "../support/collect.js";
import { Inbox } from "../support/inbox.js";
import { Numbers } from "../support/numbers.js";
import { failure, holds, same } from "./check.js";
import type { Scene } from "./scene.js";

/** Streams of the caller, and streams both ways. */
export const UPLOADS = {
  "a method takes what its caller streams": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const blocks = Array.from({ length: 20 }, () => "é".repeat(100_000));

    same(await duplex.sum([]), 0);
    same(await duplex.sum([1, 2, 3]), 6);
    same(await duplex.sum(new Numbers(1000)), 499_500);
    same(await duplex.measure(blocks), 4_000_000);
  },

  "a slow method slows its caller, who loses nothing": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const label = scene.label();
    const numbers = new Numbers(1000);
    const sum = duplex.sumSlowly(label, 5, numbers);

    await duplex.reached(`taken:${label}`, 5);
    for (let n = 0; n < 5; n++) await duplex.unit();
    const made = numbers.made;
    await duplex.count(`go:${label}`);

    holds(made <= 5 + 33, `${made} made for 5 taken`);
    same([await sum, numbers.made], [499_500, 1000]);
  },

  "a slow method of large items has few of them": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const label = scene.label();
    const [size, count] = [64 * 1024, 50];
    let made = 0;
    async function* blocks(): AsyncGenerator<string> {
      while (made < count) {
        made++;
        yield "x".repeat(size);
      }
    }
    const length = duplex.measureSlowly(label, blocks());

    await duplex.reached(`taken:${label}`, 1);
    for (let n = 0; n < 5; n++) await duplex.unit();
    const early = made;
    await duplex.count(`go:${label}`);

    holds(early - 1 < 16, `${early} of 64 KiB made for 1 taken`);
    same([await length, made], [size * count, count]);
  },

  "a method that wants no more stops its caller, and answers when it likes": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const label = scene.label();
    const numbers = new Numbers();
    const call = duplex.take(label, 3, numbers);

    await numbers.left;
    await duplex.count(`go:${label}`);

    same(await call, [0, 1, 2]);
  },

  "a method's own error ends what goes up": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const numbers = new Numbers();

    const error = await failure(duplex.sumUpTo(10, numbers));

    same([error.code, error.data], ["application", { limit: 10 }]);
    await numbers.left;
    same(await duplex.sumUpTo(10, [1, 2]), 3);
  },

  "a source that fails fails its call with just that, and the method never sees its end": async (
    scene: Scene,
  ): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const label = scene.label();
    const broken = new Error("broken");
    async function* lines(): AsyncGenerator<number> {
      yield 1;
      throw broken;
    }

    const error = await collect(duplex.double(label, lines())).catch((error: unknown) => error);

    holds(error === broken, String(error));
    await duplex.reached(`gone:${label}`, 1);
    same(await duplex.sum([1]), 1);
  },

  "an item that doesn't fit is refused, by its number and place": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());

    const error = await failure(duplex.sum([1, 2, "three" as unknown as number, 4]));

    same(error.code, "invalid_argument");
    for (const part of ["sum", "numbers", "3"]) holds(error.message.includes(part), `${part} in ${error.message}`);
  },

  "both ways at the same time, as it comes": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const spoken = new Inbox<string>();
    async function* lines(): AsyncGenerator<string> {
      for (let n = 1; ; n++) yield (await spoken.first(n))[n - 1] as string;
    }
    const heard = duplex.shout(lines())[Symbol.asyncIterator]();

    for (const text of ["one", "two", "three"]) {
      const next = heard.next();
      spoken.push(text);
      same(await next, { done: false, value: text.toUpperCase() });
    }
    const next = heard.next();
    spoken.push("");

    const error = await failure(next);
    same([error.code, error.data], ["application", { line: 4 }]);
    holds(Duplex.isError(error, "shout") && error.data.line === 4, "it is the stream's own error");
  },

  "many both ways; each direction has its own pace": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const label = scene.label();
    const numbers = new Numbers(500);

    const items = await collect(duplex.double(label, numbers));

    same(
      items,
      Array.from({ length: 1000 }, (_, n) => Math.floor(n / 2)),
    );
    await duplex.reached(`gone:${label}`, 1);
  },

  "a slow reader of a stream both ways slows its own source": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const label = scene.label();
    const numbers = new Numbers();
    const reader = duplex.double(label, numbers)[Symbol.asyncIterator]();

    const first = await reader.next();
    for (let n = 0; n < 10; n++) await duplex.unit();
    const made = numbers.made;
    await reader.return?.();

    same(first.value as unknown, 0);
    holds(made <= 100, `${made} made for 1 read`);
    await numbers.left;
    await duplex.reached(`gone:${label}`, 1);
  },
};
