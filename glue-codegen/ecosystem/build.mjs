// Compiles src/tanstack.ts, which is written beside clients in JavaScript, to dist/.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";

const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(1);
mkdirSync("dist", { recursive: true });
for (const file of ["tanstack.js", "tanstack.d.ts"]) {
  // The client's types come with it, so the compiler's output has the folders of both.
  copyFileSync(`build/ecosystem/src/${file}`, `dist/${file}`);
}
rmSync("build", { recursive: true });
