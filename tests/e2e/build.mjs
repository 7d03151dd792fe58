// Builds what the tests run: the servers, and the clients that glue-codegen writes for them.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cargo = process.env.CARGO ?? "cargo";

function run(...command) {
  const [program, ...args] = command;
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function generate(name, emit, folder) {
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
  );
}

run(cargo, "build", "-p", "glue-tests", "--bin", "e2e-server");
run(cargo, "build", "-p", "glue-example-chat", "-p", "glue-example-echo");
run(cargo, "build", "-p", "glue-example-mounted", "--bin", "mounted-axum");
generate("glue-tests", "ts", "tests/e2e/generated");
generate("glue-tests", "js", "tests/e2e/browser/generated");
generate("glue-example-chat", "js", "examples/chat/web/generated");
