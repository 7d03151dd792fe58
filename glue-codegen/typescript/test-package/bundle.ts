import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";

/** The folder of the package. */
export const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

/** What becomes of a script that uses the package, as an application's bundler makes it: without modules, minified. */
export async function bundle(script: string, options: BuildOptions = {}): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: PACKAGE },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    ...options,
  });
  const [file] = outputFiles ?? [];
  if (!file) throw new Error("esbuild wrote nothing");
  return file.contents;
}
