import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

/** Tests here name the weaknesses of the original client that they keep out, as `C1` to `C19`. */
test("every weakness of the original client is kept out by a test", () => {
  const folder = new URL(".", import.meta.url);
  const text = readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(new URL(file, folder), "utf8"))
    .join();
  const cited = new Set([...text.matchAll(/^\/\/ .*?\b(C\d+)$/gm)].map(([, weakness]) => weakness));
  // Only a session that is resumed loses nothing on a link that is silent [C17].
  const all = Array.from({ length: 19 }, (_, index) => `C${index + 1}`).filter(
    (weakness) => weakness !== "C17",
  );

  assert.deepEqual(
    all.filter((weakness) => !cited.has(weakness)),
    [],
  );
});
