// The example chat, while its connection is broken again and again: sessions outlive their links [U-11] [U-13].
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import type { CDPSession, Page } from "playwright-core";
import { launch, open } from "../support/browser.js";
import { Program } from "../support/program.js";
import { isUpgrade, Proxy } from "../support/proxy.js";

const server = await Program.example("glue-example-chat");
const browser = await launch();
const errors: string[] = [];
after(async () => {
  await browser.close();
  await server.kill();
});
const visits: { readonly page: Page; readonly proxy: Proxy }[] = [];
afterEach(async () => {
  for (const { page, proxy } of visits.splice(0)) {
    await page.context().close();
    proxy.close();
  }
  assert.deepEqual(errors.splice(0), []);
});

/** How many messages each of two people writes. */
const MESSAGES = 18;

/** Opens the page through a proxy of its own, and goes into a room. */
async function enter(name: string, room: string): Promise<{ readonly page: Page; readonly proxy: Proxy }> {
  const proxy = await Proxy.open(server);
  const page = await open(browser, proxy.url, errors);
  visits.push({ page, proxy });
  await page.getByLabel("Your name").fill(name);
  await page.keyboard.press("Enter");
  await page.locator("#people", { hasText: name }).waitFor();
  await page.getByPlaceholder("New room").fill(room);
  await page.keyboard.press("Enter");
  await page.locator("h1#room", { hasText: room }).waitFor();
  await page.locator("#people", { hasText: name }).waitFor();
  return { page, proxy };
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Your message").fill(text);
  await page.keyboard.press("Enter");
}

/** Waits for a message that the server has told. */
async function reads(page: Page, text: string): Promise<void> {
  await page.locator(".message:not(.pending) .text").getByText(text, { exact: true }).waitFor();
}

/** All that the page shows of what was said. */
function shown(page: Page): Promise<string[]> {
  return page.locator(".message .text").allTextContents();
}

/** How often the page was told that somebody has come or gone. */
function left(page: Page, name: string): Promise<number> {
  return page.getByText(`${name} left`, { exact: true }).count();
}

// Names of their own: a page that is closed through a broken connection keeps its name for as long as its session.
for (const [transport, first, second] of [
  ["WebSocket", "Ada", "Bob"],
  ["Ajax", "Amy", "Bea"],
] as const) {
  test(`two pages talk over ${transport} while each connection breaks again and again: nothing is missing, nothing twice`, async () => {
    const room = `broken ${transport}`;
    const admit = (head: string) => (transport === "Ajax" && isUpgrade(head) ? "cut" : "pass");
    const people = [await enter(first, room), await enter(second, room)];
    const [ada, bob] = people.map(({ page }) => page) as [Page, Page];
    await ada.locator("#people", { hasText: second }).waitFor();
    let breaks = 0;
    for (const { proxy } of people) {
      proxy.admit = (head) => {
        breaks++;
        return admit(head);
      };
      // From here on each connection carries so much, and breaks wherever that is.
      proxy.budget = () => 600 + Math.random() * 4000;
      proxy.answers = () => 300 + Math.random() * 4000;
      proxy.cut();
    }

    for (let n = 1; n <= MESSAGES; n++) {
      await Promise.all([say(ada, `${first} ${n}`), say(bob, `${second} ${n}`)]);
      if (n % 3) continue;
      // Both pages have to come back to get on.
      people[(n / 3) % 2]?.proxy.cut();
      for (const page of [ada, bob]) await Promise.all([reads(page, `${first} ${n}`), reads(page, `${second} ${n}`)]);
    }
    for (const { proxy } of people) {
      proxy.budget = proxy.answers = () => Number.POSITIVE_INFINITY;
      proxy.cut();
    }
    for (const page of [ada, bob]) for (const name of [first, second]) await reads(page, `${name} ${MESSAGES}`);
    for (const page of [ada, bob]) await page.locator(".pending").waitFor({ state: "detached" });

    const texts = await shown(ada);
    assert.deepEqual(await shown(bob), texts);
    for (const name of [first, second]) {
      const said = texts.filter((text) => text.startsWith(name));
      assert.deepEqual(said, Array.from({ length: MESSAGES }, (_, n) => `${name} ${n + 1}`));
    }
    assert.ok(breaks >= MESSAGES / 3, `${breaks} connections`);
    // Nobody has been away: their sessions have gone on.
    assert.deepEqual([await left(ada, second), await left(bob, first)], [0, 0]);
  });
}

test("a browser that goes offline and comes back online has missed nothing, and has said everything once", async () => {
  const people = [await enter("Ann", "train"), await enter("Ben", "train")];
  const [ann, ben] = people.map(({ page }) => page) as [Page, Page];
  await ann.locator("#people", { hasText: "Ben" }).waitFor();
  const network = await ann.context().newCDPSession(ann);
  await network.send("Network.enable");

  for (let tunnel = 1; tunnel <= 3; tunnel++) {
    await say(ann, `before tunnel ${tunnel}`);
    // Chromium holds back what is under way as it goes offline, and with it the end of the connection; a ping finds that out.
    for (const page of [ann, ben]) await reads(page, `before tunnel ${tunnel}`);
    await offline(network, true);
    people[0]?.proxy.cut();
    await ann.locator("header [data-connection=disconnected]").waitFor();
    for (const n of [1, 2, 3]) await say(ben, `outside of tunnel ${tunnel}, ${n}`);
    await reads(ben, `outside of tunnel ${tunnel}, 3`);
    await say(ann, `in tunnel ${tunnel}`);
    assert.equal(await ann.getByText(`outside of tunnel ${tunnel}, 3`).count(), 0);
    await offline(network, false);
    for (const page of [ann, ben]) await reads(page, `in tunnel ${tunnel}`);
    await reads(ann, `outside of tunnel ${tunnel}, 3`);
  }

  for (const page of [ann, ben]) await page.locator(".pending").waitFor({ state: "detached" });
  const texts = await shown(ann);
  assert.deepEqual(await shown(ben), texts);
  assert.equal(texts.length, 15);
  assert.equal(new Set(texts).size, 15);
  assert.equal(await left(ben, "Ann"), 0);
});

function offline(network: CDPSession, isOffline: boolean): Promise<unknown> {
  return network.send("Network.emulateNetworkConditions", {
    offline: isOffline,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: -1,
  });
}
