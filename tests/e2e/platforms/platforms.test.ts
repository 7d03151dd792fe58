// Every case in other runtimes, with nothing but what they bring: no WebSocket is injected.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Desk } from "../support/desk.js";
import { Program } from "../support/program.js";
import { bundle } from "../support/stage.js";

const run = promisify(execFile);
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Programs, and what stands in front of the script. */
const RUNTIMES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "Node 20": [process.execPath, "--experimental-websocket"],
  "Node 22": [file("node_modules/node-22/bin/node")],
  "Node 24": [file("node_modules/node-24/bin/node")],
  "Node 26": [file("node_modules/node-26/bin/node")],
  Deno: [file("node_modules/@deno/linux-x64-glibc/deno"), "run", "--no-prompt", "--no-config", "--allow-net=127.0.0.1"],
  Bun: [file("node_modules/@oven/bun-linux-x64/bin/bun")],
};

const script = await bundle("terminal");
after(() => rmSync(script.folder, { recursive: true }));

for (const [name, [program, ...args]] of Object.entries(RUNTIMES)) {
  test(`every case in ${name}`, async (t) => {
    const server = await Program.probe();
    const desk = await Desk.open(server);
    t.after(async () => {
      desk.close();
      await server.kill();
    });
    const version = (await run(program, ["--version"])).stdout.split("\n")[0];

    const { stdout } = await run(program, [...args, script.file, server.url, desk.url], {
      cwd: script.folder,
      timeout: 60_000,
    }).catch((error: { stdout: string; stderr: string }) => assert.fail(error.stdout + error.stderr));

    t.diagnostic(`${name} (${version}): ${stdout.trim()}`);
    assert.match(stdout, / 0 failed\n$/);
  });
}
