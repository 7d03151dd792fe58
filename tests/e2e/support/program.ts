import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** Where cargo puts what it builds; `build.mjs` makes it. */
const PROGRAMS = join(process.env["CARGO_TARGET_DIR"] ?? join(ROOT, "target"), "debug");

/** A server in a process of its own. */
export class Program {
  readonly #name: string;
  readonly #arguments: (port: number) => readonly string[];
  readonly #readPort: (line: string) => number;
  #process: ChildProcess | undefined;
  /** Stays the same over restarts. */
  port = 0;

  private constructor(
    name: string,
    args: (port: number) => readonly string[],
    readPort: (line: string) => number,
  ) {
    this.#name = name;
    this.#arguments = args;
    this.#readPort = readPort;
  }

  /** Starts the server that has the channel `probe` and echoes `m` and `golang`. */
  static async probe(...options: readonly string[]): Promise<Program> {
    const program = new Program(
      "e2e-server",
      (port) => ["--port", String(port), ...options],
      portOfJson,
    );
    await program.start();
    return program;
  }

  /** Starts the channel of glue-versions in one version; `accept` is the file that says which clients of another one may go on. */
  static async version(name: "old" | "new", accept?: string): Promise<Program> {
    const program = new Program("glue-versions", () => [name, ...(accept ? [accept] : [])], portOfJson);
    await program.start();
    return program;
  }

  /** Starts an example. */
  static async example(name: `glue-example-${"chat" | "echo" | "tasks"}`): Promise<Program> {
    const program = new Program(
      name,
      (port) => ["--listen", `127.0.0.1:${port}`],
      listeningPort,
    );
    await program.start();
    return program;
  }

  /** Starts the example that mounts a server in axum. */
  static async mounted(): Promise<Program> {
    const program = new Program(
      "mounted-axum",
      (port) => [`127.0.0.1:${port}`],
      listeningPort,
    );
    await program.start();
    return program;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it, again on the same port after a {@link kill}. */
  async start(): Promise<void> {
    const file = join(PROGRAMS, process.platform === "win32" ? `${this.#name}.exe` : this.#name);
    if (!existsSync(file)) throw new Error(`${file} isn't there: npm run build`);
    // Panics are part of the tests; what they print would only frighten.
    const child = spawn(file, this.#arguments(this.port), { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    let log = "";
    child.stderr.on("data", (chunk) => {
      log += chunk;
    });
    const line = await new Promise<string>((resolve, reject) => {
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
        if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${this.#name} ended with ${code}: ${log}`)));
    });
    this.port = this.#readPort(line);
    if (!this.port) throw new Error(`no port in ${line}`);
  }

  /** Tells it to go; resolves once it has. */
  async drain(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const [code] = await exited;
    if (code !== 0) throw new Error(`${this.#name} ended with ${code}`);
  }

  /** Ends it without giving it time for last words. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
}

/** The port in the first line of a server that is made for tests. */
function portOfJson(line: string): number {
  return (JSON.parse(line) as { port: number }).port;
}

/** The port in the first line of an example. */
function listeningPort(line: string): number {
  return Number(/^listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1]);
}
