import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

/** Generous: a browser starts slowly on a busy machine. */
const DEADLINE_MS = 60_000;

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Starts Chromium: the one that `CHROMIUM` names, or else the system's. */
export async function launch(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? CANDIDATES.find((path) => existsSync(path));
  if (!executablePath)
    throw new Error("no Chromium here: install the package `chromium`, or set CHROMIUM to its path");
  return chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Opens a page in a profile of its own; what goes wrong in its scripts is kept in `errors`. */
export async function open(browser: Browser, url: string, errors: string[]): Promise<Page> {
  const context = await browser.newContext();
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(url);
  return page;
}
