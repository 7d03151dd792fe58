// Builds what the tests run: the servers, and the clients that glue-codegen writes for them.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cargo = process.env.CARGO ?? "cargo";

function run(...command) {
  return print("inherit", ...command);
}

function print(stdout, program, ...args) {
  const { status, error, ...outcome } = spawnSync(program, args, { cwd: root, stdio: ["inherit", stdout, "inherit"] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  return outcome.stdout;
}

function generate(name, emit, folder, ...options) {
  run(
    cargo,
    "run",
    "--quiet",
    "-p",
    "glue-codegen",
    "--",
    "--package",
    name,
    "--emit",
    emit,
    "--out",
    folder,
    ...options,
  );
}

/** The channel of glue-versions as it was, or as it is: its client, and the lock of its contract. */
function version(name) {
  const folder = `tests/e2e/versions/${name}`;
  generate("glue-versions", "ts", folder, ...only(name), "--lock", `${folder}.lock.json`);
}

/** What has changed between the two, and what old clients may go on calling. */
function compare() {
  const folder = "tests/e2e/versions";
  const command = [cargo, "run", "--quiet", "-p", "glue-codegen", "--", "diff", "--package", "glue-versions", ...only("new")];
  const against = ["--against", `${folder}/old.lock.json`, "--accept", `${folder}/accept.json`];
  const report = print("pipe", ...command, ...against, "--format", "json", "--fail-on", "none");
  writeFileSync(join(root, folder, "diff.json"), report);
}

function only(version) {
  return ["--no-default-features", "--features", version];
}

run(cargo, "build", "-p", "glue-tests", "--bin", "e2e-server");
run(cargo, "build", "-p", "glue-example-chat", "-p", "glue-example-echo", "-p", "glue-example-tasks");
run(cargo, "build", "-p", "glue-example-mounted", "--bin", "mounted-axum");
run(cargo, "build", "-p", "glue-versions");
generate("glue-tests", "ts", "tests/e2e/generated", "--no-lock", "--asyncapi", "tests/e2e/generated/asyncapi.json");
generate("glue-tests", "js", "tests/e2e/browser/generated", "--no-lock");
generate("glue-resume-run", "ts", "tests/e2e/resume/generated", "--no-lock");
version("old");
version("new");
compare();
generate("glue-example-chat", "js", "examples/chat/web/generated");

// This one has its settings in Cargo.toml, and packages of its own.
const tasks = "examples/tasks";
run(cargo, "run", "--quiet", "-p", "glue-codegen", "--", "--manifest-path", `${tasks}/Cargo.toml`);
// npm runs us, and says where it is: by its name it can't be started on Windows.
const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
run(...npm, "ci", "--no-fund", "--no-audit", "--prefix", `${tasks}/web`);
for (const script of ["check", "build"]) run(...npm, "run", "--prefix", `${tasks}/web`, script);
