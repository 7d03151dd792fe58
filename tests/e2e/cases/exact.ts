import {
  type Account,
  Bank,
  type Change,
  type Entry,
  type Kinds,
  type Loose,
  type Short,
} from "../generated/index.js";
import { collect } from "../support/collect.js";
import { Inbox } from "../support/inbox.js";
import { failure, holds, same } from "./check.js";
import type { Scene } from "./scene.js";

/** Values that travel exactly: what TypeScript says of them is true, whichever way they go. */
export const EXACT = {
  "every kind of exact value goes up and down": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());

    same(await bank.echo(KINDS), KINDS);
    same(await bank.echo({ ...KINDS, maybe: null }), { ...KINDS, maybe: null });
    same(
      await bank.describe(KINDS),
      '18446744073709551615 -9223372036854775808 340282366920938463463374607431768211455 Some(-170141183460469231731687303715884105728) [1, 9007199254740993] [0, 255] [1, 2, 3, 4] 1700000000123 {"a", "b"} Some(7) -8',
    );
  },

  "the first and the last of each kind are just these": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());

    same(await bank.extremes(), {
      signed: [-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n],
      unsigned: [0n, 2n ** 53n, 2n ** 64n - 1n],
      larger: [-(2n ** 127n), 2n ** 127n - 1n],
      largest: [2n ** 128n - 1n],
      nothing: new Uint8Array(),
    });
  },

  "bytes of every value, none, and a megabyte": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());
    const all = Uint8Array.from({ length: 256 }, (_, n) => n);
    const blocks = Array.from({ length: 4 }, (_, n) => new Uint8Array(1 << 18).fill(n));

    same(await bank.reverse(new Uint8Array()), new Uint8Array());
    same(await bank.reverse(all), all.slice().reverse());
    // More than the server takes in one message goes up in several.
    const megabyte = await bank.bytes(1 << 20);
    holds(
      megabyte.length === 1 << 20 && megabyte.every((byte, n) => byte === n % 256),
      "each byte has come down",
    );
    const back = await collect(bank.reverseAll(blocks));
    holds(
      back.length === 4 && back.every((block, n) => block.every((byte) => byte === n)),
      "and each has gone up",
    );
  },

  "what holds itself, and what is generic": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());
    const exact = { items: [1n, 2n ** 60n], next: 3n };
    const plain = { items: [1, 2], next: null };

    same(await bank.echoTree(TREE), TREE);
    same(await bank.echoPages(exact, plain), { exact, plain });
    same(await bank.echoDated({ amount: 1n, at: new Date(5) }), { amount: 1n, at: new Date(5) });
  },

  "variants of every tagging": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());
    const entries: Entry[] = [
      "Opened",
      { Paid: 5n },
      { Moved: [6n, TREE] },
      { Noted: { text: "7" } },
      { Closed: { at: new Date(8) } },
    ];
    const changes: Change[] = [
      { kind: "paid", amount: 1n },
      { kind: "renamed", name: "2" },
      { kind: "account", ...TREE },
      { kind: "nothing" },
    ];
    const loose: Loose[] = [
      1n,
      true,
      { name: "3" },
      { name: "4", count: 5n },
      [new Date(6), new Date(7)],
      ["8", "today"],
      "tomorrow",
    ];

    same(await bank.echoEntries(entries), entries);
    same(await bank.echoChanges(changes), changes);
    same(await bank.echoLoose(loose), loose);
  },

  "arguments may be left out, and notifications have some": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());

    same(
      [await bank.name("a"), await bank.name("b", null), await bank.name("c", 2n ** 64n - 1n)],
      ["a", "b", "c 18446744073709551615"],
    );
    same(await bank.kept(), null);
    bank.keep(2n ** 60n, new Date(2_000));
    same(await bank.kept(), 2n ** 60n + 2n);
  },

  "errors carry exact values, of calls and of streams": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());
    const items: bigint[] = [];

    same(await bank.withdraw(1n), 99n);
    const error = await failure(bank.withdraw(2n ** 64n - 1n));
    holds(Bank.isError(error, "withdraw"), `${error.code} of ${error.method}`);
    same(error.data, { code: "missing", amount: 2n ** 64n - 101n } satisfies Short);

    const ended = await failure(
      (async () => {
        for await (const item of bank.count(2n ** 64n - 2n, 5)) items.push(item);
      })(),
    );
    same(items, [2n ** 64n - 2n, 2n ** 64n - 1n]);
    same([ended.code, ended.data], ["application", { code: "closed", since: new Date(1) }]);
  },

  "exact values are streamed down, up and both ways": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());
    async function* amounts(): AsyncGenerator<bigint> {
      for (let n = 0; n < 100; n++) yield 2n ** 64n - 1n;
    }
    const blocks = Array.from({ length: 40 }, (_, n) => Uint8Array.from([n, 255, 0]));

    same((await collect(bank.count(1n, 100))).length, 100);
    same(await bank.total(amounts()), 100n * (2n ** 64n - 1n));
    same(
      await collect(bank.reverseAll(blocks)),
      blocks.map((block) => block.slice().reverse()),
    );
  },

  "a reader may leave a stream of exact values": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());
    const items: bigint[] = [];

    for await (const item of bank.count(1n, 4_000_000_000)) {
      items.push(item);
      if (items.length === 50) break;
    }

    same(items.at(-1), 50n);
    same(await bank.withdraw(0n), 100n);
  },

  "events hold exact values": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());
    const told = new Inbox<unknown>();
    bank.on("told", (event) => told.push(event));
    const balances = new Map([
      [1n, TREE],
      [2n ** 64n - 1n, { balance: 0n, below: [], above: null }],
    ]);

    await bank.tell(balances, new Date(1_700_000_000_123));

    same(await told.first(1), [{ balances, at: new Date(1_700_000_000_123) }]);
  },

  "the server asks for exact values, and is answered with some": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());
    bank.handle("approve", ({ amount, at }, { fail }) => {
      if (amount > 2n ** 60n) fail({ code: "missing", amount: amount - 1n });
      if (amount === 0n) fail({ code: "closed", since: at });
      return Uint8Array.from([Number(amount), at.getMilliseconds() / 2]);
    });

    same(
      [await bank.ask(7n), await bank.ask(2n ** 64n - 1n), await bank.ask(0n)],
      [
        "approved [7, 250]",
        "refused Missing { amount: Exact(18446744073709551614) }",
        "refused Closed { since: Exact(SystemTime { tv_sec: 1, tv_nsec: 500000000 }) }",
      ],
    );
  },

  "what isn't of its form is refused, and its place is told": async (scene: Scene): Promise<void> => {
    const bank = new Bank(scene.connect());
    const refused = async (call: Promise<unknown>): Promise<string> => {
      const error = await failure(call);
      same([error.code, error.method?.split(".")[0]], ["invalid_argument", "bank"]);
      return error.message;
    };

    same(
      [
        await refused(bank.withdraw(5 as unknown as bigint)),
        await refused(bank.echo({ ...KINDS, at: new Date(Number.NaN) })),
        await refused(
          bank.echoTree({ ...TREE, below: [TREE, { ...TREE, balance: "1" as unknown as bigint }] }),
        ),
        await refused(bank.total([1n, 2 as unknown as bigint])),
      ],
      [
        "arguments of `withdraw`: amount: a bigint of at most 128 bits expected",
        "arguments of `echo`: kinds.at: a Date of the years 0 to 9999 expected",
        "arguments of `echo_tree`: tree.below[1].balance: a bigint of at most 128 bits expected",
        "item of `total`: a bigint of at most 128 bits expected",
      ],
    );
    // What only the server knows: how large the integer may be.
    const error = await failure(bank.withdraw(2n ** 64n));
    same(error.code, "invalid_argument");
    for (const part of ["withdraw", "amount"])
      holds(error.message.includes(part), `${part} in ${error.message}`);
  },

  "interceptors see values as the application does": async (scene: Scene): Promise<void> => {
    const seen: unknown[] = [];
    const bank = new Bank(scene.connect(), {
      intercept: (call, next) => {
        seen.push(call.args);
        if (call.kind !== "call") return next(call);
        return next(call).then((value) => {
          seen.push(value);
          return value;
        });
      },
    });

    await bank.withdraw(1n);

    same(seen, [{ amount: 1n }, 99n]);
  },
};

const TREE: Account = {
  balance: -(2n ** 63n),
  below: [
    { balance: 1n, below: [], above: null },
    { balance: 2n, below: [{ balance: 3n, below: [], above: null }], above: null },
  ],
  above: { balance: 2n ** 53n + 1n, below: [], above: null },
};

const KINDS: Kinds = {
  id: 2n ** 64n - 1n,
  signed: -(2n ** 63n),
  large: 2n ** 128n - 1n,
  maybe: -(2n ** 127n),
  list: [1n, 2n ** 53n + 1n],
  bytes: Uint8Array.from([0, 255]),
  four: Uint8Array.from([1, 2, 3, 4]),
  at: new Date(1_700_000_000_123),
  tags: new Set(["a", "b"]),
  plain: { a: 7n, "b c": 8n },
  nested: new Map([
    [1n, new Map([["x", new Set([-9n, 1n])]])],
    [2n, new Map()],
  ]),
};
