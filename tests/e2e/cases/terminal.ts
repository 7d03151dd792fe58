// The cases in whatever runs this file with a server's address and a desk's. Bundled by platforms/platforms.test.ts.
import { CASES, play, TRANSPORTS } from "./cases.js";

const [url = "", desk = ""] = process.argv.slice(2);
let failed = 0;
for (const forceSocketType of TRANSPORTS) {
  for (const name of Object.keys(CASES)) {
    try {
      await play(name, { url, desk, options: { forceSocketType } });
    } catch (error) {
      failed++;
      console.log(`${forceSocketType}: ${name}:`, error);
    }
  }
}
console.log(`${TRANSPORTS.length * Object.keys(CASES).length} played, ${failed} failed`);
// Whatever still waits there, a listener or a timer, would be ours.
process.exitCode = failed ? 1 : 0;
