// Drives what `cargo xtask fidelity` has written: main.ts FOLDER SERVER SEED VALUES
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";
import { misfits, show } from "./check.js";
import { invent, Random } from "./invent.js";
import { isSame } from "./same.js";
import { type Shape, Shapes } from "./shape.js";

/** What `rounds.ts` has of each type, where the compiler has seen that the types agree. */
interface Round {
  readonly root: number;
  readonly channel: string;
  readonly rust: string;
  values(seed: number, count: number): AsyncIterable<unknown>;
  check(seed: number, index: number, value: unknown): Promise<Difference | null>;
  echo(value: unknown): Promise<unknown>;
  emit?(seed: number, count: number): Promise<void>;
  onEvent?(listener: (index: number, value: unknown) => void): () => void;
  upload?(seed: number, values: AsyncIterable<unknown>): Promise<Tally>;
  askAll?(seed: number, count: number): Promise<Tally>;
  onAsk?(handler: (value: unknown) => unknown): () => void;
  fail?(seed: number, index: number): Promise<void>;
  errorOf?(error: unknown): { readonly value: unknown } | undefined;
}

interface Difference {
  readonly index: number;
  readonly sent: string;
  readonly back: string;
}

interface Tally {
  readonly values: number;
  readonly differences: readonly Difference[];
}

interface Socket {
  close(): void;
}

interface Generated {
  glue(url: string, options: object): Socket;
  all(socket: Socket): readonly Round[];
}

/** A value that failed. */
class Failure extends Error {
  readonly round: Round;
  readonly shape: Shape;
  readonly details: readonly string[];
  readonly value: unknown;

  constructor(round: Round, shape: Shape, step: string, details: readonly string[], value?: unknown) {
    super(step);
    this.round = round;
    this.shape = shape;
    this.details = details;
    this.value = value;
  }
}

const counts = { down: 0, up: 0 };

/** Values that Rust makes up: each is held against its type and comes back as it is. */
async function down(round: Round, shape: Shape, seed: number, count: number): Promise<void> {
  const fits = (step: string, value: unknown): unknown => {
    counts.down += 1;
    const problems = misfits(value, shape);
    if (problems.length > 0) throw new Failure(round, shape, `${step} brings what the type doesn't allow`, problems, value);
    return value;
  };
  const comesBack = (step: string, difference: Difference | null, value?: unknown): void => {
    if (difference) {
      const { index, sent, back } = difference;
      throw new Failure(round, shape, `${step}: another value comes back`, [`number: ${index}`, `sent: ${sent}`, `back: ${back}`], value);
    }
  };
  let index = 0;
  for await (const value of round.values(seed, count)) {
    fits("values", value);
    const difference = await guard(round, shape, "check", value, round.check(seed, index, value));
    comesBack("check", difference, value);
    index += 1;
  }
  if (index !== count) throw new Failure(round, shape, `values has ${index} instead of ${count}`, []);

  const few = Math.ceil(count / 5);
  const tally = (step: string, { values, differences }: Tally): void => {
    for (const difference of differences) comesBack(step, difference);
    if (values !== few) throw new Failure(round, shape, `${step} has ${values} instead of ${few}`, []);
  };
  if (round.upload) {
    async function* again(): AsyncIterable<unknown> {
      for await (const value of round.values(seed, few)) yield fits("upload", value);
    }
    tally("upload", await guard(round, shape, "upload", undefined, round.upload(seed, again())));
  }
  if (round.onAsk && round.askAll) {
    let misfit: unknown;
    const end = round.onAsk((value) => {
      try {
        return fits("ask", value);
      } catch (error) {
        misfit = error;
        throw error;
      }
    });
    const asked = await round.askAll(seed, few).finally(end);
    if (misfit) throw misfit;
    tally("ask", asked);
  }
  if (round.onEvent && round.emit) {
    const seen: [number, unknown][] = [];
    const end = round.onEvent((number, value) => seen.push([number, value]));
    // Events come before the answer of the call that sends them.
    await round.emit(seed, few).finally(end);
    if (seen.length !== few) throw new Failure(round, shape, `${seen.length} of ${few} events came`, []);
    for (const [number, value] of seen) {
      fits("event", value);
      comesBack("event", await guard(round, shape, "event", value, round.check(seed, number, value)), value);
    }
  }
  if (round.fail && round.errorOf) {
    for (let number = 0; number < few; number += 1) {
      const error: unknown = await round.fail(seed, number).then(
        () => undefined,
        (error: unknown) => error,
      );
      const data = round.errorOf(error);
      if (!data) throw new Failure(round, shape, "fail has no error of the method", [String(error)]);
      fits("fail", data.value);
      comesBack("fail", await guard(round, shape, "fail", data.value, round.check(seed, number, data.value)), data.value);
    }
  }
}

/** Values that are made up here, out of the type alone: Rust takes each and sends back the same. */
async function up(round: Round, shape: Shape, seed: number, count: number): Promise<void> {
  const random = new Random(seed * 31 + round.root);
  for (let number = 0; number < count; number += 1) {
    counts.up += 1;
    const value = invent(shape, random);
    const wrong = misfits(value, shape);
    if (wrong.length > 0) throw new Failure(round, shape, "no value of the type can be made up", wrong, value);
    const back = await guard(round, shape, "echo", value, round.echo(value));
    const problems = misfits(back, shape);
    if (problems.length > 0) throw new Failure(round, shape, "echo brings what the type doesn't allow", problems, back);
    if (!isSame(value, back, shape))
      throw new Failure(round, shape, "echo: another value comes back", [`back: ${show(back)}`], value);
    // What Rust itself has written comes back to the letter.
    const again = await guard(round, shape, "echo", back, round.echo(back));
    if (!isSame(back, again, shape) || !isSame(again, back, shape))
      throw new Failure(round, shape, "echo: another value comes back the second time", [`back: ${show(again)}`], back);
  }
}

async function guard<T>(round: Round, shape: Shape, step: string, value: unknown, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new Failure(round, shape, `${step} fails`, [String(error)], value);
  }
}

async function start(program: string): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(program, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, port: (JSON.parse(line) as { port: number }).port };
  }
  throw new Error(`${program} has ended`);
}

const [folder = "", program = "", seedText, valuesText] = process.argv.slice(2);
const seed = Number(seedText);
const values = Number(valuesText);
const web = join(folder, "web");
const shapes = new Shapes(join(web, "tsconfig.json"));
const { glue, all } = (await import(pathToFileURL(join(web, "js/rounds.js")).href)) as Generated;
const { child, port } = await start(program);
const socket = glue(`http://127.0.0.1:${port}`, { WebSocket });
const failures: Failure[] = [];
const rounds = all(socket);
for (const round of rounds) {
  if (process.env["FIDELITY_TRACE"]) console.error(round.root, round.rust);
  const file = join(web, "generated", `${round.channel.toLowerCase()}.ts`);
  const shape = shapes.parameter(file, round.channel, `echo${round.root}`, "value");
  for (const way of [down, up]) {
    try {
      await way(round, shape, seed, way === down ? values : Math.ceil(values / 3));
    } catch (error) {
      failures.push(error instanceof Failure ? error : new Failure(round, shape, `${way.name} fails`, [String(error)]));
    }
  }
}
socket.close();
child.kill();
shapes.close();

const sources = JSON.parse(readFileSync(join(folder, "sources.json"), "utf8")) as readonly string[];
const declared = readFileSync(join(web, "generated/types.ts"), "utf8").split(/\n(?=\/\*\*|export type)/);
for (const { round, shape, message, details, value } of failures.slice(0, 20)) {
  const source = sources[round.root] ?? "";
  const names = new Set([...source.matchAll(/^pub (?:struct|enum) (\w+)/gmu)].map(([, name]) => name));
  const declarations = declared.filter((text) => names.has(/export type ([\p{L}\p{N}_]+)/u.exec(text)?.[1]));
  console.log(`\n==== ${round.rust} (root ${round.root}): ${message}`);
  for (const line of details) console.log(`  ${line.slice(0, 2000)}`);
  if (value !== undefined) console.log(`JSON: ${JSON.stringify(value)?.slice(0, 2000)}`);
  console.log(`Rust:\n${source}`);
  console.log(`TypeScript: ${shape.text}\n${declarations.join("\n")}`);
}
console.log(
  `fidelity: seed ${seed}: ${rounds.length} types, ${counts.down} values from Rust and ${counts.up} from TypeScript, ${failures.length} failures`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
