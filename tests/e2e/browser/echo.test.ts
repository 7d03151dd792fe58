// The example echo: raw channels in Chromium.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { launch, open } from "../support/browser.js";
import { Program } from "../support/program.js";

const server = await Program.example("glue-example-echo");
const browser = await launch();
after(async () => {
  await browser.close();
  await server.kill();
});

test("each channel echoes its own texts", async () => {
  const errors: string[] = [];
  const page = await open(browser, server.url, errors);

  await page.getByLabel("Text").fill("hello & <b>welcome</b>");
  await page.keyboard.press("Enter");
  await page.getByText("m: hello & <b>welcome</b>", { exact: true }).waitFor();
  await page.getByLabel("Channel").selectOption("golang");
  await page.getByLabel("Text").fill("日本");
  await page.keyboard.press("Enter");
  await page.getByText("golang: 日本", { exact: true }).waitFor();

  assert.equal(await page.locator("#state").textContent(), "connected");
  assert.deepEqual(errors, []);
});
