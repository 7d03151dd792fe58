import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** A folder with a page that can play the cases. */
export class Stage {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async build(): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), "glue-stage-"));
    await build({
      entryPoints: [fileURLToPath(new URL("../cases/page.ts", import.meta.url))],
      bundle: true,
      format: "esm",
      target: "es2022",
      sourcemap: "inline",
      outfile: join(folder, "cases.js"),
    });
    writeFileSync(
      join(folder, "index.html"),
      `<!doctype html><meta charset="utf-8"><title>Cases</title><link rel="icon" href="data:,">
<script type="module" src="cases.js"></script>`,
    );
    return new Stage(folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
