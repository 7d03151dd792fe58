// The clients in a page of headless Chromium: what a call costs the page's main thread.
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts Chromium: the one that `CHROMIUM` names, or else the system's. Returns nothing if there is none. */
export async function launch() {
  const executablePath = process.env.CHROMIUM ?? CANDIDATES.find((path) => existsSync(path));
  // The page's files come from here and not from its server: Chromium takes such a page for a public one, which may not reach this machine.
  const reach = '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets';
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', reach];
  return executablePath && chromium.launch({ executablePath, args });
}

/** The cost of a call of `kind` to the server at `url`, in microseconds of the main thread's CPU time. */
export async function measure(browser, kind, url, underWay, calls) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    // From the server's own origin, which has no files: no other would be let in.
    await page.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: '<!doctype html>' });
      const contentType = extname(pathname) === '.js' ? 'text/javascript' : 'text/plain';
      const file = fileURLToPath(new URL(`.${pathname}`, import.meta.url));
      if (!existsSync(file)) return route.fulfill({ status: 404 });
      return route.fulfill({ contentType, body: readFileSync(file, 'utf8') });
    });
    await page.goto(`${url}/`);
    const warm = async ({ kind, url, underWay, calls }) => {
      const callers = await import('/callers.js');
      const library = kind === 'glue' && (await import('/generated/index.js'));
      const caller = await callers[kind](library, url);
      globalThis.run = () => callers.call(caller, calls, underWay);
      await callers.call(caller, calls / 2, underWay);
    };
    await page.evaluate(warm, { kind, url, underWay, calls });
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const before = await metrics(session);
    const made = await page.evaluate(() => globalThis.run());
    const after = await metrics(session);
    const each = (name) => ((after[name] - before[name]) * 1e6) / made;
    return { user: each('ScriptDuration'), all: each('TaskDuration') };
  } finally {
    await context.close();
  }
}

async function metrics(session) {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}
