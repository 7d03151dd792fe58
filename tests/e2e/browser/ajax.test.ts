// The Ajax transport as a browser uses it: a page of the server's own, and pages of others.
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { launch, open } from "../support/browser.js";
import { Program } from "../support/program.js";

const files = fileURLToPath(new URL(".", import.meta.url));
const home = await Program.probe("--files", files);
const friend = await Program.probe("--origin", home.url);
const stranger = await Program.probe();
const browser = await launch();
const errors: string[] = [];
const page: Page = await open(browser, `${home.url}/ajax.html`, errors);
after(async () => {
  await browser.close();
  for (const server of [home, friend, stranger]) await server.kill();
});
afterEach(() => assert.deepEqual(errors.splice(0), []));

declare global {
  /** Opens a session, sends the texts, and returns the messages that came until all were echoed; see ajax.html. */
  function talk(args: { url: string; init: string; texts: string[] }): Promise<string[]>;
}

const PLAIN = 'in{"version":"1.9.1"}';
const BATCH = 'in{"version":"1.9.1","batch":true}';

test("[A-9] pushes on all connections of the browser and their echoes don't wait for each other", async () => {
  const texts = Array.from({ length: 100 }, (_, index) => `text ${index} äöü 😀 &`);

  const [opened, ...echoes] = await page.evaluate((args) => talk(args), { url: home.url, init: PLAIN, texts });

  assert.match(String(opened), /^in\{"socketID":"[0-9A-Za-z]{20}"\}$/);
  assert.deepEqual(echoes.filter((echo) => echo !== "pi").sort(), texts.map((text) => `cd1&m${text}`).sort());
});

test("[B-6] a page that reads containers gets all that waits in one", async () => {
  const texts = Array.from({ length: 100 }, (_, index) => `text ${index}`);

  const answers = await page.evaluate((args) => talk(args), { url: home.url, init: BATCH, texts });

  assert.match(String(answers[0]), /"batch":true/);
  assert.ok(answers.some((answer) => answer.startsWith("ba")), "something was joined");
});

test("[H-7] a page of an admitted origin reads what it is answered", async () => {
  const answers = await page.evaluate((args) => talk(args), { url: friend.url, init: PLAIN, texts: ["across"] });

  assert.ok(answers.includes("cd1&macross"));
});

test("[H-8] an admitted page may send what browsers ask about first", async () => {
  const status = await page.evaluate(async (url) => {
    const headers = { "Content-Type": "application/json" };
    return (await fetch(`${url}/glue/ajax`, { method: "POST", headers, body: "i" })).status;
  }, friend.url);

  assert.equal(status, 200);
});

test("[H-3] a page of another origin opens nothing, on either transport", async () => {
  const found = await page.evaluate(async (url) => {
    const body = await fetch(`${url}/glue/ajax`, { method: "POST", body: "i" }).then(
      (answer) => `answered ${answer.status}`,
      () => "no answer",
    );
    const socket = new WebSocket(`${url.replace("http", "ws")}/glue/ws`);
    const opened = await new Promise<string>((resolve) => {
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    });
    return [body, opened];
  }, stranger.url);

  assert.deepEqual(found, ["no answer", "refused"]);
});
