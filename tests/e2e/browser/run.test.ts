// The JavaScript that glue-codegen wrote, in Chromium.
import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { launch, open } from "../support/browser.js";
import { Program } from "../support/program.js";
import type { GlueError as Failure, Probe, Socket } from "./generated/index.js";

declare global {
  var socket: Socket;
  var probe: Probe;
  var GlueError: typeof Failure;
}

const server = await Program.probe("--files", fileURLToPath(new URL(".", import.meta.url)));
const browser = await launch();
const errors: string[] = [];
const page = await ready();
after(async () => {
  await browser.close();
  await server.kill();
});
afterEach(() => assert.deepEqual(errors.splice(0), []));

async function ready(): Promise<Page> {
  const page = await open(browser, server.url, errors);
  await page.locator("body[data-ready]").waitFor({ state: "attached" });
  return page;
}

test("calls carry values of every shape", async () => {
  const values = await page.evaluate(async () => [
    await probe.add(2, 3),
    await probe.echoText("日本 😀\u2028\0"),
    await probe.echoShape({ Circle: { center: { x: 1, y: 2 }, radius: 0.5 } }),
    await probe.echoOption(),
    (await probe.echoText("é".repeat(200_000))).length,
    (await probe.whoami()) === socket.socketID(),
  ]);

  assert.deepEqual(values, [
    5,
    "日本 😀\u2028\0",
    { Circle: { center: { x: 1, y: 2 }, radius: 0.5 } },
    null,
    200_000,
    true,
  ]);
});

test("errors are typed", async () => {
  const found = await page.evaluate(async () => {
    const error = await probe.divide(7, 0).catch((error: unknown) => error);
    return error instanceof GlueError && { code: error.code, data: error.data };
  });

  assert.deepEqual(found, { code: "application", data: { reason: "division_by_zero", dividend: 7 } });
});

test("streams end, and are dropped by the server when the loop is left", async () => {
  const found = await page.evaluate(async () => {
    const all: number[] = [];
    for await (const n of probe.count(500)) all.push(n);
    const some: number[] = [];
    for await (const n of probe.endless("browser")) if (some.push(n) === 100) break;
    await probe.dropped("browser");
    return [all.length, some.length];
  });

  assert.deepEqual(found, [500, 100]);
});

test("an aborted call is dropped by the server", async () => {
  const code = await page.evaluate(async () => {
    const abort = new AbortController();
    const call = probe.hang("browser call", { signal: abort.signal });
    await probe.unit();
    abort.abort();
    const code = await call.catch((error: Failure) => error.code);
    await probe.dropped("browser call");
    return code;
  });

  assert.equal(code, "cancelled");
});

test("events and notifications arrive", async () => {
  const found = await page.evaluate(async () => {
    const texts: string[] = [];
    const remove = probe.on("emitted", ({ text }) => texts.push(text));
    await probe.emit("hello", 2);
    remove();
    probe.note("from the browser");
    return [...texts, (await probe.notes()).at(-1)];
  });

  assert.deepEqual(found, ["hello", "hello", "from the browser"]);
});

test("a page that is closed drops its calls", async () => {
  const other = await ready();
  await other.evaluate(async () => {
    probe.hang("closed page").catch(() => {});
    await probe.unit();
  });

  await other.close();

  await page.evaluate(() => probe.dropped("closed page"));
});

test("a page comes back when its server does, with the calls made meanwhile", async () => {
  await page.evaluate(async () => {
    const lost = new Promise((resolve) => socket.once("reconnecting", resolve));
    const hanging = probe.hang("killed").catch((error: Failure) => error.data);
    await probe.unit();
    Object.assign(globalThis, { lost, hanging });
  });

  await server.kill();
  const outcome = await page.evaluate(async () => {
    const { lost, hanging } = globalThis as unknown as { lost: Promise<void>; hanging: Promise<unknown> };
    await lost;
    Object.assign(globalThis, { sum: probe.add(20, 22) });
    return hanging;
  });
  await server.start();

  assert.deepEqual(outcome, { outcome: "unknown" });
  assert.equal(await page.evaluate(() => (globalThis as unknown as { sum: Promise<number> }).sum), 42);
});
