// The example chat, as people use it.
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import type { Page } from "playwright-core";
import { launch, open } from "../support/browser.js";
import { Program } from "../support/program.js";

const server = await Program.example("glue-example-chat");
const browser = await launch();
const errors: string[] = [];
after(async () => {
  await browser.close();
  await server.kill();
});
afterEach(() => assert.deepEqual(errors.splice(0), []));

const visit = (): Promise<Page> => open(browser, server.url, errors);

async function enter(name: string): Promise<Page> {
  const page = await visit();
  await page.getByLabel("Your name").fill(name);
  await page.keyboard.press("Enter");
  await page.locator("#people", { hasText: name }).waitFor();
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Your message").fill(text);
  await page.keyboard.press("Enter");
}

/** Waits for a message that the server has told, in the shown room. */
async function reads(page: Page, text: string): Promise<void> {
  await page.locator(".message:not(.pending) .text").getByText(text, { exact: true }).waitFor();
}

async function isConnected(page: Page): Promise<void> {
  await page.locator("header [data-connection=connected]").waitFor();
}

/** Each test has people, and a room, of its own. */
async function enterRoom(room: string, ...names: readonly string[]): Promise<Page[]> {
  const pages: Page[] = [];
  for (const name of names) {
    const page = await enter(name);
    await page.getByPlaceholder("New room").fill(room);
    await page.keyboard.press("Enter");
    await page.locator("#people", { hasText: name }).waitFor();
    pages.push(page);
  }
  return pages;
}

async function leave(...pages: readonly Page[]): Promise<void> {
  for (const page of pages) await page.context().close();
}

test("two people see each other, and read each other's messages", async () => {
  const [ada, bob] = (await enterRoom("talk", "Ada", "Bob")) as [Page, Page];
  await ada.locator("#people", { hasText: "Bob" }).waitFor();
  await bob.locator("#people", { hasText: "Ada" }).waitFor();
  await ada.getByText("Bob joined").waitFor();

  await say(ada, "Hello Bob");
  await reads(bob, "Hello Bob");
  await say(bob, "<b>Hello</b> & welcome");
  await reads(ada, "<b>Hello</b> & welcome");

  assert.equal(await ada.locator(".pending").count(), 0);
  await leave(bob);
  await ada.getByText("Bob left").waitFor();
  await ada.locator("#people", { hasText: "Bob" }).waitFor({ state: "detached" });
  await leave(ada);
});

test("whoever comes later reads what was said", async () => {
  const [ada] = (await enterRoom("history", "Ann")) as [Page];
  await say(ada, "said before");
  await reads(ada, "said before");

  const [eve] = (await enterRoom("history", "Eve")) as [Page];

  await reads(eve, "said before");
  await leave(ada, eve);
});

test("the others see who is typing, until the message is there", async () => {
  const [ada, bob] = (await enterRoom("typing", "Amy", "Ben")) as [Page, Page];

  await bob.getByLabel("Your message").pressSequentially("Hm");
  await ada.locator("#typing", { hasText: "Ben is typing" }).waitFor();
  assert.equal(await bob.locator("#typing").textContent(), "");
  await bob.keyboard.press("Enter");
  await reads(ada, "Hm");

  assert.equal(await ada.locator("#typing").textContent(), "");
  await leave(ada, bob);
});

test("unread messages are marked in the list of rooms", async () => {
  const [ada, bob] = (await enterRoom("news", "Ali", "Bea")) as [Page, Page];
  await ada.getByRole("button", { name: /^general,/ }).click();
  await ada.locator("h1#room", { hasText: "general" }).waitFor();

  await say(bob, "one");
  await say(bob, "two");

  const news = ada.getByRole("button", { name: "news, 2 unread" });
  await news.waitFor();
  assert.match(await ada.title(), /^\(2\) /);
  await news.click();
  await reads(ada, "two");
  await ada.getByRole("button", { name: "news, 2 people" }).waitFor();
  await leave(ada, bob);
});

test("the server's errors are shown where they belong", async () => {
  const ada = await enter("Aya");
  const other = await visit();

  await other.getByLabel("Your name").fill("aya");
  await other.keyboard.press("Enter");
  await other.locator("#name-error", { hasText: "Somebody else has this name." }).waitFor();
  await other.getByLabel("Your name").fill(" ");
  await other.keyboard.press("Enter");
  await other.locator("#name-error", { hasText: "Please write a name." }).waitFor();
  await say(ada, "   ");
  await ada.locator("#text-error", { hasText: "Please write a message." }).waitFor();
  await say(ada, "x".repeat(1001));
  await ada.locator("#text-error", { hasText: "at most 1000 characters" }).waitFor();
  assert.equal((await ada.getByLabel("Your message").inputValue()).length, 1001);
  await ada.getByPlaceholder("New room").fill("x".repeat(25));
  await ada.keyboard.press("Enter");
  await ada.locator("#room-error", { hasText: "at most 24 characters" }).waitFor();

  await ada.locator("h1#room", { hasText: "general" }).waitFor();
  await leave(ada, other);
});

test("a second tab has the same name, and is the same person", async () => {
  const [ada] = (await enterRoom("tabs", "Abe")) as [Page];
  const tab = await ada.context().newPage();
  await tab.goto(ada.url());
  await tab.locator("#people", { hasText: "Abe" }).waitFor();

  await say(tab, "from the tab");
  await reads(ada, "from the tab");
  assert.equal(await ada.locator("#people li").count(), 1);
  await tab.close();
  await say(ada, "still here");

  await reads(ada, "still here");
  assert.equal(await ada.locator("#people li").count(), 1);
  await leave(ada);
});

test("both pages come back when the server does, and what was said meanwhile arrives", async () => {
  const [ada, bob] = (await enterRoom("restart", "Ada", "Bob")) as [Page, Page];
  await say(ada, "before");
  await reads(bob, "before");

  await server.kill();
  for (const page of [ada, bob]) await page.locator("header [data-connection=reconnecting]").waitFor();
  await say(ada, "in the gap");
  await ada.locator(".pending", { hasText: "in the gap" }).waitFor();
  await server.start();

  for (const page of [ada, bob]) await isConnected(page);
  for (const page of [ada, bob]) await reads(page, "in the gap");
  await ada.locator(".pending").waitFor({ state: "detached" });
  await ada.locator("#people", { hasText: "Bob" }).waitFor();
  await say(bob, "after");
  await reads(ada, "after");
  await leave(ada, bob);
});
