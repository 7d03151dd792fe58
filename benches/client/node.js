// One client in a process of its own: `node.js KIND URL UNDER_WAY CALLS` prints what a call has cost it, as JSON.
import { WebSocket } from 'ws';

import * as callers from './callers.js';

const [kind, url, underWay, calls] = process.argv.slice(2);
const libraries = { glue: './generated/index.js', trpc: '@trpc/client' };
const library = libraries[kind] && (await import(libraries[kind]));

// How many messages leave shows whether the calls of one turn go together.
let sent = 0;
class Counting extends WebSocket {
  send(...args) {
    sent += 1;
    super.send(...args);
  }
}

const caller = await callers[kind](library, url, Counting);
// Compiled and warm.
await callers.call(caller, calls / 2, Number(underWay));
sent = 0;
const before = process.cpuUsage();
const made = await callers.call(caller, calls, Number(underWay));
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ user: user / made, all: (user + system) / made, messages: sent / made }));
caller.close();
process.exit();
