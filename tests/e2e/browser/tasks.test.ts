// The example with React: TanStack Query over typed calls, as people use it.
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import type { Page } from "playwright-core";
import { launch, open } from "../support/browser.js";
import { Program } from "../support/program.js";

const server = await Program.example("glue-example-tasks");
const browser = await launch();
const errors: string[] = [];
after(async () => {
  await browser.close();
  await server.kill();
});
afterEach(() => assert.deepEqual(errors.splice(0), []));

async function visit(): Promise<Page> {
  const page = await open(browser, server.url, errors);
  await page.getByRole("list", { name: "Tasks" }).waitFor({ state: "attached" });
  return page;
}

async function add(page: Page, title: string): Promise<void> {
  await page.getByLabel("Title").fill(title);
  await page.keyboard.press("Enter");
}

/** A line of the list of what happened, which is a streamed query. */
const news = (page: Page, text: string) => page.getByRole("list", { name: "Activity" }).getByText(text, { exact: true });

test("a mutation reads the list again, and the stream tells of it everywhere", async () => {
  const page = await visit();
  const other = await visit();

  await add(page, "water the plants");

  await page.getByText("water the plants", { exact: true }).waitFor();
  await news(page, "added water the plants").waitFor();
  await news(other, "added water the plants").waitFor();

  await page.getByRole("button", { name: "finish water the plants" }).click();

  await page.getByRole("button", { name: "done" }).waitFor();
  await news(other, "finished water the plants").waitFor();
  await Promise.all([page.context().close(), other.context().close()]);
});

test("a method's own error is told with its data", async () => {
  const page = await visit();
  await add(page, "feed the cat");
  await page.getByText("feed the cat", { exact: true }).waitFor();

  await add(page, "feed the cat");

  assert.match((await page.getByRole("alert").textContent()) ?? "", /^task \d+ has this title$/);
  await page.context().close();
});

test("a streamed query tells what happened before, and keeps the latest", async () => {
  const page = await visit();
  for (const title of ["one", "two", "three", "four", "five"]) {
    await add(page, title);
    await page.getByText(title, { exact: true }).waitFor();
  }
  await page.reload();

  await news(page, "added five").waitFor();

  const told = await page.getByRole("list", { name: "Activity" }).getByRole("listitem").allTextContents();
  assert.deepEqual(told, ["added one", "added two", "added three", "added four", "added five"]);
  await page.context().close();
});
