// A server that goes: its clients finish what they have begun and come to the next one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TRANSPORTS } from "./cases/cases.js";
import { Probe } from "./generated/index.js";
import { connect } from "./support/client.js";
import { failOnUnhandled } from "./support/errors.js";
import { Program } from "./support/program.js";
import { Proxy } from "./support/proxy.js";

failOnUnhandled();

/** Waits until a server lets nobody in any more. */
async function goes(program: Program): Promise<void> {
  for (;;) {
    const answer = await fetch(`${program.url}/glue/ajax`, { method: "POST", body: "i" });
    await answer.text();
    if (answer.status === 503) return;
  }
}

for (const forceSocketType of TRANSPORTS) {
  // [D-2] [D-3] [D-4] [D-5]
  test(`${forceSocketType}: a call under way finishes, and the next server answers the others`, async (t) => {
    const [first, second] = [await Program.probe(), await Program.probe()];
    const proxy = await Proxy.open(first);
    const socket = connect(proxy.url, { forceSocketType });
    const direct = connect(first.url);
    t.after(async () => {
      socket.close();
      direct.close();
      proxy.close();
      await first.kill();
      await second.kill();
    });
    const probe = new Probe(socket);
    const give = new AbortController();
    const hanging = new Probe(direct).hang("held", { signal: give.signal });
    const waiting = probe.dropped("held");
    const before = await probe.whoami();

    const gone = first.drain();
    await goes(first);
    const others = Promise.all(Array.from({ length: 50 }, (_, n) => probe.add(n, 1)));
    give.abort();

    await assert.rejects(hanging, { code: "cancelled" });
    await waiting;
    await gone;
    proxy.lead(second);
    assert.deepEqual(await others, Array.from({ length: 50 }, (_, n) => n + 1));
    const after = await probe.whoami();
    assert.notEqual(after, before);
    assert.equal(after, socket.socketID());
  });
}
