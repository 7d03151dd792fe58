import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Makes one file of an entry in `cases/`, in a folder of its own. */
export async function bundle(
  entry: "page" | "terminal",
): Promise<{ readonly folder: string; readonly file: string }> {
  const folder = mkdtempSync(join(tmpdir(), "glue-stage-"));
  const file = join(folder, `${entry}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(`../cases/${entry}.ts`, import.meta.url))],
    bundle: true,
    format: "esm",
    target: "es2022",
    sourcemap: "inline",
    outfile: file,
  });
  return { folder, file };
}

/** A folder with a page that can play the cases. */
export class Stage {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async build(): Promise<Stage> {
    const { folder } = await bundle("page");
    writeFileSync(
      join(folder, "index.html"),
      `<!doctype html><meta charset="utf-8"><title>Cases</title><link rel="icon" href="data:,">
<script type="module" src="page.mjs"></script>`,
    );
    return new Stage(folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
