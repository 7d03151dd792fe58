// What a call costs the TypeScript client: `node run.js [--rounds N] [--calls N] [--under-way A,B] [--only node,chromium] [--json FILE]`.
//
// Beside it a bare WebSocket with JSON, against the limit, and in Node tRPC's client. Client on one core, server on another; each run with
// a fresh server and, in Node, a fresh client; their order turns from round to round. Prints medians in Markdown.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { launch, measure } from './chromium.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const benches = join(here, '..');
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    calls: { type: 'string', default: '50000' },
    'under-way': { type: 'string', default: '1,16,64' },
    only: { type: 'string', default: 'node,chromium' },
    json: { type: 'string' },
  },
});

const target = build();
const SERVERS = {
  glue: [join(target, 'release/server-ours')],
  bare: [join(target, 'release/server-limit')],
  trpc: [process.execPath, join(benches, 'servers/trpc/server.js')],
};
const KINDS = { node: ['glue', 'bare', 'trpc'], chromium: ['glue', 'bare'] };
const samples = [];
const platforms = options.only.split(',');
const browser = platforms.includes('chromium') ? await launch() : undefined;
if (platforms.includes('chromium') && !browser) console.error('no Chromium: skipped');

for (let round = 0; round < Number(options.rounds); round += 1) {
  for (const platform of platforms) {
    if (platform === 'chromium' && !browser) continue;
    const kinds = KINDS[platform];
    for (const underWay of options['under-way'].split(',').map(Number)) {
      for (let turn = 0; turn < kinds.length; turn += 1) {
        const kind = kinds[(round + turn) % kinds.length];
        console.error(`round ${round + 1}: ${platform}, ${kind}, ${underWay} under way`);
        samples.push({ platform, kind, underWay, round, ...(await sample(platform, kind, underWay)) });
      }
    }
  }
}
await browser?.close();
console.log(table());
if (options.json) writeFileSync(options.json, JSON.stringify({ versions: versions(), samples }, null, 2));

async function sample(platform, kind, underWay) {
  const server = spawn('taskset', ['-c', '0', ...SERVERS[kind]], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const { port } = JSON.parse(await firstLine(server));
    const url = `http://127.0.0.1:${port}`;
    if (platform === 'chromium') return await measure(browser, kind, url, underWay, Number(options.calls));
    const command = ['-c', '1', process.execPath, 'node.js', kind, url, String(underWay), options.calls];
    return JSON.parse(execFileSync('taskset', command, { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
  } finally {
    server.stdin.end();
    await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve()));
  }
}

async function firstLine(server) {
  for await (const line of createInterface(server.stdout)) return line;
  throw new Error('the server has said nothing');
}

/** Builds the servers and the client that is measured; returns where the programs are. */
function build() {
  const cargo = process.env.CARGO ?? 'cargo';
  // Each by itself, or the features that their dependencies have would mix.
  for (const server of ['server-ours', 'server-limit']) {
    run(cargo, ['build', '--release', '--locked', '--quiet', '-p', server], benches);
  }
  const generate = ['run', '--quiet', '-p', 'glue-codegen', '--', '--emit', 'js', '--no-lock', '--out', join(here, 'generated')];
  run(cargo, [...generate, '--manifest-path', join(benches, 'servers/ours/Cargo.toml')], join(benches, '..'));
  const trpc = join(benches, 'servers/trpc');
  if (!existsSync(join(trpc, 'node_modules'))) run('npm', ['ci'], trpc);
  const metadata = ['metadata', '--format-version', '1', '--no-deps'];
  return JSON.parse(execFileSync(cargo, metadata, { cwd: benches, encoding: 'utf8' })).target_directory;
}

function run(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed`);
}

function versions() {
  const version = (name) => JSON.parse(readFileSync(join(here, 'node_modules', name, 'package.json'), 'utf8')).version;
  const installed = ['ws', 'bufferutil', '@trpc/client'].map((name) => `${name} ${version(name)}`);
  return [`Node ${process.version}`, ...installed, browser ? `Chromium ${browser.version()}` : 'no Chromium'].join(', ');
}

/** A row for each platform and number of calls under way. In Chromium there is no count of messages. */
function table() {
  const rows = ['| calls under way | client | µs per call | of it in JavaScript or user space | to bare | messages per call |', '|---|---|---|---|---|---|'];
  for (const platform of platforms) {
    for (const underWay of options['under-way'].split(',').map(Number)) {
      const of = (kind) => samples.filter((one) => one.platform === platform && one.underWay === underWay && one.kind === kind);
      for (const kind of KINDS[platform]) {
        const own = of(kind);
        if (!own.length) continue;
        const bare = of('bare');
        const ratio = median(own.map((one) => one.all / bare.find(({ round }) => round === one.round).all));
        const messages = own[0].messages === undefined ? '–' : median(own.map((one) => one.messages)).toFixed(2);
        const [all, user] = ['all', 'user'].map((figure) => median(own.map((one) => one[figure])).toFixed(1));
        rows.push(`| ${platform}, ${underWay} | ${kind} | ${all} | ${user} | ${ratio.toFixed(2)} | ${messages} |`);
      }
    }
  }
  return `${rows.join('\n')}\n\n${versions()}; ${options.rounds} rounds of ${options.calls} calls, ${new Date().toISOString().slice(0, 10)}`;
}

function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
