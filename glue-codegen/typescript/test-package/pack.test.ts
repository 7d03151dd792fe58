// The package as its users get it: packed, then installed into an empty folder without a network.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { PACKAGE } from "./bundle.js";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: unknown;
}

const home = mkdtempSync(join(tmpdir(), "glue-package-"));
after(() => rmSync(home, { recursive: true }));
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const run = (program: string, folder: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

run(npm, PACKAGE, "pack", "--silent", "--pack-destination", home);
const [tarball] = readdirSync(home);
writeFileSync(join(home, "package.json"), '{ "private": true, "type": "module" }');
run(npm, home, "install", "--offline", "--silent", `./${tarball}`);
const installed = join(home, "node_modules/@glue-rs/client");
const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Manifest;
/** What can be imported, as one writes it. */
const subpaths = Object.keys(manifest.exports).map((path) => path.replace(/^\./, manifest.name));

test("it brings what it needs and says under which terms", () => {
  for (const file of ["README.md", "LICENSE-MIT", "LICENSE-APACHE"])
    assert.ok(existsSync(join(installed, file)));
  assert.equal(manifest.dependencies, undefined);
  assert.deepEqual(readdirSync(join(home, "node_modules")).sort(), [".package-lock.json", "@glue-rs"]);
  for (const targets of Object.values(manifest.exports))
    for (const file of Object.values(targets)) assert.ok(existsSync(join(installed, file)), file);
});

test("Node imports every part of it", () => {
  const script = subpaths
    .map((path) => `console.log(Object.keys(await import("${path}")).length > 0)`)
    .join(";");

  const printed = run(process.execPath, home, "--input-type=module", "--eval", script);

  assert.equal(printed, "true\n".repeat(subpaths.length));
});

test("each script has a map that holds its source, and declarations lead to theirs", () => {
  const files = readdirSync(join(installed, "lib"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(js|d\.ts)$/.test(name))
    .map((name) => join(installed, "lib", name));
  assert.ok(files.length > 40);
  for (const file of files) {
    const [, name] = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(file, "utf8")) ?? [];
    assert.ok(name, `${file} names no map`);
    const map = JSON.parse(readFileSync(join(dirname(file), name), "utf8")) as {
      sources: string[];
      sourcesContent?: string[];
    };
    for (const [index, source] of map.sources.entries()) {
      const text = readFileSync(join(dirname(file), source), "utf8");
      if (file.endsWith(".js"))
        assert.equal(map.sourcesContent?.[index], text, `${file} maps to another text`);
    }
  }
});

test("a stack shows the TypeScript", () => {
  const script = `try { (await import("${manifest.name}")).glue("ftp://x") } catch (error) { console.log(error.stack) }`;

  const stack = run(process.execPath, home, "--enable-source-maps", "--input-type=module", "--eval", script);

  assert.match(stack, /src\/client\/options\.ts:\d+/);
});

// Applications for browsers have the types of the DOM; programs for Node have only those of Node.
const NODE = ["--lib", "es2022", "--types", "node", "--typeRoots", join(PACKAGE, "node_modules/@types")];
const DOM = ["--lib", "es2022,dom", "--types", ""];

for (const [module, resolution] of [
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
] as const) {
  for (const [platform, types] of [
    ["browsers", DOM],
    ["Node", NODE],
  ] as const) {
    test(`its types fit a strict program for ${platform}, resolved by ${resolution}`, () => {
      writeFileSync(join(home, "program.ts"), program());

      const tsc = join(PACKAGE, "node_modules/typescript/bin/tsc");
      const options = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--target", "es2022"];
      const how = ["--module", module, "--moduleResolution", resolution, ...types];
      run(process.execPath, home, tsc, ...options, ...how, "--ignoreConfig", "program.ts");
    });
  }
}

/** The README's example, and a line which is only right if the types have arrived. */
function program(): string {
  const readme = readFileSync(join(installed, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  assert.ok(blocks.length > 0);
  const others = subpaths.map((path, index) => `import type * as part${index} from "${path}";`);
  return `${others.join("\n")}
${blocks.join("\n")}
const state: "disconnected" | "connecting" | "connected" | "reconnecting" = socket.state();
// @ts-expect-error a number is no text
socket.send(1);
export type Parts = [${subpaths.map((_, index) => `typeof part${index}`).join(", ")}];
export { state };
`;
}
