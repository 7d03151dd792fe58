// The clients in TypeScript of the long run, as `tests/resume/src/node.rs` starts them: `main.ts SEED NUMBER:TRANSPORT:URL...`.
// A number on the input says that this client's links are left in peace.
import { createInterface } from "node:readline";
import { Worker } from "./worker.js";

const [seed = "1", ...clients] = process.argv.slice(2);
const workers = new Map<number, Worker>();

function tell(line: object): void {
  console.log(JSON.stringify(line));
}

for (const argument of clients) {
  const [, number, transport, url] = /^(\d+):(\w+):(.+)$/.exec(argument) ?? [];
  const client = Number(number);
  const log = (text: string): void => tell({ log: { client, text } });
  const worker = new Worker(client, transport as "both", url ?? "", Number(seed) | 0, log);
  workers.set(client, worker);
  worker.work().then((report) => {
    tell({ done: { client, report } });
  });
}
createInterface({ input: process.stdin })
  .on("line", (line) => workers.get(Number(line))?.end())
  // Whoever started us has ended.
  .on("close", () => process.exit());
