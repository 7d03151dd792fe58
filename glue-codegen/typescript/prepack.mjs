// Before the package is packed: licences lie in it, and `lib/` is compiled anew, with source maps. (`dist/` has none, as
// glue-codegen writes those files into applications, where the maps would lead nowhere.)
import { copyFileSync, rmSync } from "node:fs";

rmSync("lib", { recursive: true, force: true });
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(`../../${licence}`, licence);
