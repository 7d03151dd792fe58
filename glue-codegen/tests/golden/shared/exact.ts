// What an application writes against stubs whose values travel exactly, for the type checker alone.

import { Ledger } from "../exact/out/ledger.js";
import type { Account, Change, Holder, LedgerError, Loose, Page } from "../exact/out/types.js";
import { FakeLedger } from "../exact-fakes-js/out/ledger.fake.js";
import { safe } from "./runtime/index.js";

declare function is<T>(value: T): void;

export async function calls(ledger: Ledger): Promise<void> {
  const account = await ledger.get(5n);
  is<bigint>(account.id);
  is<Date>(account.created);
  is<Uint8Array | null>(account.picture);
  is<Account[]>(await ledger.find("x", new Date(), 3));
  is<void>(await ledger.moveAll(1n, 2n, new Map([["EUR", 3n]])));
  is<Page<Page<bigint>>>(await ledger.trees(tree(), { even: null, n: 1n }));
  ledger.touch(new Date());
  // @ts-expect-error a number has lost what a bigint keeps
  ledger.get(5);
  // @ts-expect-error an object is no Map
  ledger.moveAll(1n, 2n, { EUR: 3n });
  // @ts-expect-error nor is a text a Date
  ledger.touch("2024-01-01T00:00:00Z");
}

function tree(): Parameters<Ledger["trees"]>[0] {
  return { value: 1n, children: [{ value: 2n, children: [], parent: null }], parent: null };
}

export function holder(held: Holder): void {
  is<Map<bigint, Map<string, Set<Date>>>>(held.deep);
  is<string | bigint[]>(held.either);
  is<Record<string, bigint>>(held.lookup);
  is<bigint | undefined>(held.optional);
}

export async function streams(ledger: Ledger): Promise<void> {
  for await (const change of ledger.watch(1n)) {
    is<Change>(change);
    if (change.kind === "paid") is<bigint>(change.amount);
  }
  is<bigint>(await ledger.upload("x", [new Uint8Array(2)]));
  for await (const loose of ledger.convert([1n, "x", [new Date()]])) is<Loose>(loose);
  // @ts-expect-error the items are bytes
  ledger.upload("x", ["AAEC"]);
}

export async function failures(ledger: Ledger): Promise<void> {
  const result = await safe(ledger.get(1n));
  if (!result.ok && result.error.code === "application") is<LedgerError>(result.error.data);
  try {
    await ledger.get(1n);
  } catch (error) {
    if (Ledger.isError(error, "get") && error.data.code === "short") is<bigint>(error.data.missing);
  }
}

export function events(ledger: Ledger): void {
  ledger.on("changed", ({ account, by }) => {
    is<bigint>(account.id);
    is<string>(by);
  });
  ledger.handle("confirm", ({ amount }, { fail }) => {
    if (amount > 9n) fail({ code: "short", missing: amount - 9n });
    return new Date();
  });
  // @ts-expect-error it answers with a Date
  ledger.handle("confirm", () => "now");
  // @ts-expect-error what is missing is a bigint
  ledger.handle("confirm", (_, { fail }) => fail({ code: "short", missing: 1 }));
}

export async function fakes(account: Account): Promise<void> {
  const ledger = new FakeLedger({ get: (id) => ({ ...account, id }) });
  ledger.fake.emit("changed", { account, by: "ann" });
  is<Date>(await ledger.fake.request("confirm", { amount: 1n, text: "?" }));
  // @ts-expect-error an account's id is a bigint
  new FakeLedger({ get: () => ({ ...account, id: 1 }) });
}
