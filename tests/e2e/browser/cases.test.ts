// Every case in Chromium: in a page and in a worker, over every transport.
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { CASES, TRANSPORTS } from "../cases/cases.js";
import type {} from "../cases/page.js";
import type { Setting } from "../cases/scene.js";
import { launch, open } from "../support/browser.js";
import { Desk } from "../support/desk.js";
import { Program } from "../support/program.js";
import { Stage } from "../support/stage.js";

const stage = await Stage.build();
const server = await Program.probe("--files", stage.folder);
const desk = await Desk.open(server);
const browser = await launch();
const errors: string[] = [];
const page = await open(browser, server.url, errors);
after(async () => {
  await browser.close();
  desk.close();
  await server.kill();
  stage.remove();
});
afterEach(() => assert.deepEqual(errors.splice(0), []));

for (const forceSocketType of TRANSPORTS) {
  const setting: Setting = { url: server.url, desk: desk.url, options: { forceSocketType } };
  for (const name of Object.keys(CASES)) {
    test(`page, ${forceSocketType}: ${name}`, () =>
      page.evaluate(([name, setting]) => playHere(name, setting), [name, setting] as const));
    test(`worker, ${forceSocketType}: ${name}`, () =>
      page.evaluate(([name, setting]) => playInWorker(name, setting), [name, setting] as const));
  }
}
