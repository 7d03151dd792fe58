// The peer tRPC: `add`, `echo`, a stream of items and a broadcast, as its own documentation writes them.
//
// At its best settings: `ws` with bufferutil, no compression, no keep-alive, no context, and validators that are
// plain functions (a schema library would cost more).

import { EventEmitter, on } from 'node:events';

import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { WebSocketServer } from 'ws';

const t = initTRPC.create();
const events = new EventEmitter();
events.setMaxListeners(0);

const router = t.router({
  add: t.procedure.input(pair).query(({ input: [a, b] }) => a + b),
  echo: t.procedure.input(text).query(({ input }) => input),
  count: t.procedure.input(number).subscription(async function* ({ input }) {
    for (let item = 0; item < input; item += 1) yield item;
  }),
  listen: t.procedure.subscription(async function* ({ signal }) {
    for await (const [shouted] of on(events, 'shouted', { signal })) yield shouted;
  }),
  shout: t.procedure.input(text).mutation(({ input }) => {
    events.emit('shouted', input);
    return events.listenerCount('shouted');
  }),
});

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 1024, perMessageDeflate: false });
applyWSSHandler({ wss, router });
wss.on('listening', () => console.log(JSON.stringify({ port: wss.address().port })));

// Whoever started this process ends it by closing its standard input.
process.stdin.on('end', () => process.exit(0)).resume();

function pair(value) {
  if (!Array.isArray(value) || value.length !== 2) throw new TypeError('expected two numbers');
  return [number(value[0]), number(value[1])];
}

function text(value) {
  if (typeof value !== 'string') throw new TypeError('expected a text');
  return value;
}

function number(value) {
  if (typeof value !== 'number') throw new TypeError('expected a number');
  return value;
}
