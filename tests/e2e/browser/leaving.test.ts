// A page that goes takes its sockets along, and the server knows it soon: nobody stays in a chat as a ghost.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { TRANSPORTS } from "../cases/cases.js";
import type {} from "../cases/page.js";
import { Probe } from "../generated/index.js";
import { launch, open } from "../support/browser.js";
import { connect } from "../support/client.js";
import { Program } from "../support/program.js";
import { Stage } from "../support/stage.js";

/** From the moment at which the page is told to go to the end of its socket, on the server's clock, which is ours too. */
const NOTICED_MS = 2_000;

const WAYS: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  "is closed": (page) => page.close(),
  "is closed, as by its user": (page) => page.close({ runBeforeUnload: true }),
  "goes elsewhere": (page) => page.goto("about:blank"),
  "is loaded again": (page) => page.reload(),
};

const stage = await Stage.build();
// What the server could notice by itself comes too late: it gives a silent client 20 s.
const server = await Program.probe("--files", stage.folder);
const browser = await launch();
const watcher = connect(server.url);
const probe = new Probe(watcher);
after(async () => {
  watcher.close();
  await browser.close();
  await server.kill();
  stage.remove();
});

for (const forceSocketType of TRANSPORTS) {
  for (const [name, leave] of Object.entries(WAYS)) {
    test(`${forceSocketType}: the server notices within 2 s that a page ${name}`, async (t) => {
      const page = await open(browser, server.url, []);
      const id = await page.evaluate((setting) => stay(setting), {
        url: server.url,
        desk: "",
        options: { forceSocketType },
      });

      const left = Date.now();
      const [ended] = await Promise.all([probe.ended(id), leave(page)]);

      t.diagnostic(`noticed after ${Math.round(ended.at - left)} ms: ${ended.reason}`);
      assert.ok(ended.at - left <= NOTICED_MS, `${ended.at - left} ms`);
      await page.context().close();
    });
  }
}
