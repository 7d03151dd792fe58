// The whole client on a network whose faults come by lot: whatever happens, order holds, nothing arrives twice, nobody hangs,
// and it ends connected.
import assert from "node:assert/strict";
import { test } from "node:test";
import { glue, type Socket } from "../src/client/client.js";
import type { SocketOptions } from "../src/client/options.js";
import {
  htmlPage,
  type Interceptor,
  loseAnswer,
  MemoryNetwork,
  type Peer,
  redirect,
  seededRandom,
  status,
  truncate,
} from "../src/testing/index.js";

/** What servers that are broken, or none, say. */
const NONSENSE = [
  "",
  "x",
  "iv",
  "zz",
  "cd",
  "cd9&m",
  "in",
  'in{"socketID":7}',
  "ba",
  "ba0&",
  "ba2&in",
  "<html>",
  "cl",
];

/** One client, its server and the trouble between them. */
class Trouble {
  readonly network: MemoryNetwork;
  readonly socket: Socket;
  readonly events: string[] = [];
  /** What was sent, and became of it, by number. */
  readonly returned: number[] = [];
  readonly discarded: number[] = [];
  /** What arrived, by session. */
  readonly atServer: number[][] = [];
  readonly atClient: number[] = [];
  readonly #random: () => number;
  #sentDown = 0;
  #removers: (() => void)[] = [];
  #isOver = false;

  constructor(seed: number, options: SocketOptions) {
    this.#random = seededRandom(seed);
    this.network = new MemoryNetwork({ seed, original: seed % 3 === 0 });
    this.socket = glue("http://server", { ...this.network.options, reconnectAttempts: 0, ...options });
    for (const event of EVENTS) this.socket.on(event, () => this.events.push(event));
    this.socket.onMessage((data) => this.atClient.push(Number(data)));
    this.network.onSocket((peer) => {
      const arrived: number[] = [];
      this.atServer.push(arrived);
      peer.channel("m").onMessage((data) => arrived.push(Number(data)));
      peer.channel("echo").onMessage((data) => peer.channel("echo").send(data));
      this.#speak(peer);
    });
    this.#send();
  }

  /** Something bad happens; some of it ends by itself. */
  strike(): void {
    const { faults, clock, peers } = this.network;
    const later = (task: () => void): void => void clock.after(this.#upTo(20_000), task);
    const type = this.#one([undefined, "WebSocket", "AjaxSocket"] as const);
    const direction = this.#one([undefined, "toServer", "toClient"] as const);
    const peer = peers.at(-1);
    this.#one([
      () => faults.cut(type),
      () => peer?.cut(),
      () => peer?.close(this.#one([undefined, 1000, 1001, 1009, 1011, 4000])),
      () => peer?.lose(direction),
      () => faults.lose(direction),
      () => {
        peer?.stall();
        later(() => peer?.resume());
      },
      () => {
        faults.stall();
        later(() => faults.resume());
      },
      () => {
        faults.refuse(type);
        later(() => faults.admit());
      },
      () => {
        faults.ignore(type);
        later(() => faults.admit());
      },
      () => {
        faults.latencyMs = this.#upTo(3_000);
      },
      () => faults.cutAtRandom(this.#upTo(20)),
      () => peer?.sendRaw(this.#one(NONSENSE)),
      () => {
        if (peer?.type === "WebSocket") peer.sendRaw(new Uint8Array([0x63, 0x64, 0xff]).buffer);
      },
      () => this.#spoil(),
    ])();
  }

  /** All is well again, but for links that are half open, or that are to break after some messages more. */
  heal(): void {
    const { faults } = this.network;
    for (const remove of this.#removers) remove();
    faults.admit();
    faults.resume();
    faults.cutAtRandom(0);
    faults.latencyMs = 0;
  }

  /** Nobody speaks any more. */
  hush(): void {
    this.#isOver = true;
  }

  #spoil(): void {
    const interceptor = this.#one<Interceptor>([
      status(this.#one([204, 400, 403, 404, 413, 500, 502, 503, 504])),
      htmlPage(this.#one([200, 502])),
      redirect(),
      // So short that no data is left: what is cut off behind the name of its channel can't be told from other data.
      truncate(this.#upTo(12)),
      loseAnswer(this.#random() < 0.5),
    ]);
    const kinds = this.#one([[], ["init"], ["poll"], ["push"]] as const);
    this.#removers.push(this.network.faults.intercept(interceptor, { kinds, times: 1 + this.#upTo(4) }));
  }

  #send(): void {
    if (this.#isOver) return;
    const number = this.returned.length;
    this.returned.push(0);
    this.returned[number] = this.socket.send(`${number}`, (data) => this.discarded.push(Number(data)));
    this.network.clock.after(this.#upTo(600), () => this.#send());
  }

  #speak(peer: Peer): void {
    if (!peer.isOpen || this.#isOver) return;
    peer.send(`${this.#sentDown++}`);
    this.network.clock.after(this.#upTo(600), () => this.#speak(peer));
  }

  #upTo(most: number): number {
    return Math.floor(this.#random() * most);
  }

  #one<T>(choices: readonly T[]): T {
    return choices[this.#upTo(choices.length)] as T;
  }
}

const EVENTS = ["connecting", "connected", "reconnecting", "disconnected"] as const;

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number));
}

for (const forceSocketType of [false, "WebSocket", "AjaxSocket"] as const) {
  for (let seed = 1; seed <= 25; seed++) {
    test(`trouble of any kind passes: ${forceSocketType || "both transports"}, seed ${seed}`, async () => {
      const trouble = new Trouble(seed, { forceSocketType });
      const { network, socket, atServer, atClient, discarded, returned, events } = trouble;
      await network.clock.advance(100);

      for (let round = 0; round < 30; round++) {
        trouble.strike();
        await network.clock.advance(4_000);
      }
      trouble.heal();
      await network.clock.advance(60_000);
      trouble.hush();

      const echoes: string[] = [];
      socket.channel("echo").onMessage((data) => echoes.push(data));
      assert.equal(socket.channel("echo").send("well?"), 1, socket.state());
      await network.clock.settle();
      assert.deepEqual(echoes, ["well?"]);
      // What was on its way over a lost link may come late [T-5], but never twice.
      for (const session of atServer) assert.ok(isRising(session), `at the server: ${session}`);
      const arrived = new Set(atServer.flat());
      assert.equal(arrived.size, atServer.flat().length, "twice at the server");
      assert.ok(isRising(atClient), `at the client: ${atClient}`);
      assert.ok(isRising(discarded), `discarded: ${discarded}`);
      assert.deepEqual(
        discarded.filter((number) => arrived.has(number)),
        [],
        "thrown away and sent",
      );
      const refused = returned.flatMap((result, number) => (result < 0 ? [number] : []));
      assert.deepEqual(
        refused.filter((number) => !discarded.includes(number)),
        [],
        "refused without a word",
      );
      assert.doesNotMatch(events.join(), /connected,connected|connecting,connecting|disconnected/);

      socket.close();
      await network.clock.advance(60_000);
      assert.equal(network.clock.pending, 0, "a timer is left");
    });
  }
}
