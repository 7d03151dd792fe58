// Nothing happens at import time: a server that renders pages, a test and a worker can all load the code.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { bundle, PACKAGE } from "./bundle.js";

/** What is not the language's but a platform's, or gives another answer each time. */
const PLATFORM = [
  ...["WebSocket", "fetch", "XMLHttpRequest", "EventSource", "AbortController", "AbortSignal", "URL"],
  ...["setTimeout", "clearTimeout", "setInterval", "queueMicrotask", "requestAnimationFrame", "performance"],
  ...["addEventListener", "removeEventListener", "dispatchEvent", "window", "self", "document", "location"],
  ...["navigator", "localStorage", "sessionStorage", "crypto", "console", "process", "Deno", "Bun", "Buffer"],
];

test("every module of the package loads without touching a platform", async () => {
  const modules = readdirSync(join(PACKAGE, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `export * as ${file.replace(/\W/g, "_")} from ${JSON.stringify(`./src/${file}`)};`);
  const code = await bundle(modules.join("\n"), { format: "iife", globalName: "loaded", minify: false });
  const touched: string[] = [];
  const context = createContext({ touched });
  for (const name of PLATFORM) {
    runInContext(
      `Object.defineProperty(globalThis, "${name}", { get() { touched.push("${name}") } })`,
      context,
    );
  }
  runInContext(
    'for (const [owner, name] of [[Math, "random"], [Date, "now"]]) owner[name] = () => touched.push(name)',
    context,
  );
  const names = "Reflect.ownKeys(globalThis).length";
  const before = runInContext(names, context) as number;

  runInContext(`${new TextDecoder().decode(code)}`, context);

  assert.ok(modules.length > 20);
  assert.deepEqual(touched, []);
  assert.equal(runInContext("typeof loaded.index_ts.glue", context), "function");
  assert.equal(runInContext(names, context), before + 1, "it left more than `loaded` behind");
});
