// The generated client over a socket of the original's kind: typed calls need no client of ours.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Probe } from "./generated/index.js";
import { OriginalSocket } from "./support/original.js";
import { Program } from "./support/program.js";

test("calls, streams and events run over the original's socket, before and after a loss", async () => {
  const program = await Program.probe();
  const socket = new OriginalSocket(program.url);
  const probe = new Probe(socket);
  const events: string[] = [];
  probe.on("emitted", ({ text }) => events.push(text));

  const roundTrip = async (): Promise<void> => {
    assert.equal(await probe.add(1, 2), 3);
    await probe.emit("event", 1);
    const items: number[] = [];
    for await (const n of probe.endless("original")) if (items.push(n) === 50) break;
    await probe.dropped("original");
    assert.equal(items.length, 50);
  };

  await roundTrip();
  const hanging = assert.rejects(probe.hang("never"), { code: "unavailable", data: { outcome: "unknown" } });
  await probe.unit();
  await program.kill();
  await program.start();
  await hanging;
  await roundTrip();

  assert.deepEqual(events, ["event", "event"]);
  socket.close();
  await program.kill();
});
