// Every case in Node, over every transport. browser/cases.test.ts plays the same in Chromium.
import { after, test } from "node:test";
import { WebSocket } from "ws";
import { CASES, play, TRANSPORTS } from "./cases/cases.js";
import { Desk } from "./support/desk.js";
import { Program } from "./support/program.js";

const server = await Program.probe();
const desk = await Desk.open(server);
after(async () => {
  desk.close();
  await server.kill();
});

for (const forceSocketType of TRANSPORTS) {
  for (const name of Object.keys(CASES)) {
    test(`${forceSocketType}: ${name}`, () =>
      play(name, { url: server.url, desk: desk.url, options: { forceSocketType, WebSocket } }));
  }
}
