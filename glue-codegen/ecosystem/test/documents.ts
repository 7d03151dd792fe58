/** The expected outputs of the generator, which its own tests compare byte for byte. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../tests/outputs", import.meta.url));

/** The documents whose names end so, as pairs of name and text. */
export function documents(ending: string): [name: string, text: string][] {
  const names = readdirSync(folder).filter((name) => name.endsWith(ending));
  return names.map((name) => [name, readFileSync(`${folder}/${name}`, "utf8")]);
}
