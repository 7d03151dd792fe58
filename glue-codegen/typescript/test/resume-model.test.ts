// The whole client against a server that is a model of the protocol's text, on a network whose faults come by lot: a session goes
// on whatever happens to its links, and each message arrives once and in order. `GLUE_SEEDS=1000 npm test` runs longer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { glue, type Socket } from "../src/client/client.js";
import { loseAnswer, MemoryNetwork, repeatRequest, seededRandom } from "../src/testing/index.js";
import { ModelServer } from "./support/model-server.js";

/** What a run is like beside its seed. */
interface Weather {
  /** Whether the server forgets sessions, or ends them. */
  readonly isServerFickle: boolean;
  readonly bufferBytes: number;
}

/** A client, the model of a server, and what becomes of what they send. */
class Run {
  readonly network: MemoryNetwork;
  readonly server: ModelServer;
  readonly socket: Socket;
  /** What the client took in, by session. */
  readonly atClient = new Map<string, string[]>();
  /** In which session what is ephemeral was sent. */
  readonly ephemeral = new Map<string, string>();
  readonly discarded: string[] = [];
  sent: string[] = [];
  readonly #random: () => number;
  readonly #weather: Weather;
  #removers: (() => void)[] = [];

  constructor(seed: number, weather: Weather) {
    this.#random = seededRandom(seed);
    this.#weather = weather;
    this.network = new MemoryNetwork({ seed });
    this.server = new ModelServer(weather.bufferBytes, () => this.#random());
    this.network.onLink((link) => this.server.serve(link));
    this.socket = glue("http://server", {
      ...this.network.options,
      reconnectAttempts: 0,
      reconnectDelay: 100,
      reconnectDelayMax: 500,
      resetSendBufferTimeout: 10 ** 9,
    });
    this.socket.onMessage((data) => {
      const id = this.socket.socketID();
      this.atClient.set(id, [...(this.atClient.get(id) ?? []), data]);
    });
  }

  /** Both sides go on, something happens between them, or time passes. */
  async step(): Promise<void> {
    const { faults, clock } = this.network;
    const session = this.server.sessions.at(-1);
    const type = this.#one([undefined, "WebSocket", "AjaxSocket"] as const);
    await this.#one<() => unknown>([
      () => this.#send(),
      () => this.#send(),
      () => this.#send(),
      () => this.#send(true),
      () => {
        for (let count = this.#upTo(12); count > 0; count--) this.#send(this.#random() < 0.3);
      },
      () => session?.send(this.#text(session.sent.length)),
      () => {
        for (let count = this.#upTo(12); count > 0; count--) session?.send(this.#text(session.sent.length));
      },
      () => session && this.server.ack(session),
      () => clock.settle(),
      () => clock.advance(this.#upTo(50)),
      () => clock.advance(this.#upTo(3_000)),
      () => this.#strike(type),
      () => {
        faults.latencyMs = this.#one([0, 0, 10, 200, this.#upTo(2_000)]);
      },
      () => {
        if (this.#weather.isServerFickle && this.#random() < 0.1) this.#betray();
      },
    ])();
  }

  /** All is well again. */
  async heal(): Promise<void> {
    const { faults, clock } = this.network;
    for (const remove of this.#removers) remove();
    faults.admit();
    faults.resume();
    faults.cutAtRandom(0);
    faults.latencyMs = 0;
    // Longer than a link that is half open takes to be noticed, by both keep-alives.
    for (let second = 0; second < 150; second++) {
      await clock.advance(1_000);
      const session = this.server.sessions.at(-1);
      if (session?.link && session.told < session.received.length) this.server.ack(session);
    }
  }

  #strike(type: "WebSocket" | "AjaxSocket" | undefined): void {
    const { faults, clock } = this.network;
    const later = (task: () => void): void => void clock.after(this.#upTo(15_000), task);
    const link = this.server.sessions.at(-1)?.link;
    this.#one<() => void>([
      () => faults.cut(),
      () => faults.cut(),
      () => link?.cut(),
      () => link?.close(),
      () => link?.close(1011),
      () => faults.lose(this.#one([undefined, "toServer", "toClient"] as const)),
      () => {
        faults.stall();
        later(() => faults.resume());
      },
      () => {
        faults.refuse(type);
        later(() => faults.admit());
      },
      () => faults.cutAtRandom(this.#upTo(15)),
      () =>
        this.#removers.push(
          faults.intercept(repeatRequest(), { kinds: ["push"], times: 1 + this.#upTo(10) }),
        ),
      () =>
        this.#removers.push(
          faults.intercept(loseAnswer(this.#random() < 0.5), { kinds: ["push"], times: 1 + this.#upTo(2) }),
        ),
      () =>
        this.#removers.push(
          faults.intercept(loseAnswer(this.#random() < 0.5), { kinds: ["poll"], times: 1 + this.#upTo(3) }),
        ),
    ])();
  }

  #betray(): void {
    const session = this.server.sessions.at(-1);
    if (session && this.#random() < 0.5) this.server.close(session);
    else this.server.restart();
  }

  #send(ephemeral = false): void {
    const text = this.#text(this.sent.length);
    const id = this.socket.socketID();
    const result = this.socket.channel("m").send(text, (data) => this.discarded.push(data), ephemeral);
    if (result < 0) return;
    this.sent.push(text);
    if (ephemeral) this.ephemeral.set(text, id);
  }

  /** Short as a rule, and now and then more than may be kept. */
  #text(number: number): string {
    const length = this.#random() < 0.05 ? this.#upTo(3_000) : this.#upTo(40);
    return `${number}:${this.#one(["x", "é", "日"]).repeat(length)}`;
  }

  #upTo(most: number): number {
    return Math.floor(this.#random() * most);
  }

  #one<T>(choices: readonly T[]): T {
    return choices[this.#upTo(choices.length)] as T;
  }
}

const SEEDS = Number(process.env["GLUE_SEEDS"] ?? 16);
const STEPS = 1_500;

let kills = 0;
let messages = 0;

for (let seed = 1; seed <= SEEDS; seed++) {
  const weather = { isServerFickle: seed % 4 === 0, bufferBytes: seed % 3 ? 4_096 : 262_144 };
  // [U-2] [U-4] [U-8] [U-10] [U-12] [U-13] [U-14] [U-16]
  test(`nothing is lost, doubled or out of order, whatever becomes of the links: seed ${seed}`, async () => {
    const run = new Run(seed, weather);
    const { socket, server, network, atClient, ephemeral } = run;
    await network.clock.advance(10);

    for (let step = 0; step < STEPS; step++) await run.step();
    await run.heal();

    assert.deepEqual(server.problems, []);
    assert.equal(socket.state(), "connected");
    const last = server.sessions.at(-1);
    assert.equal(socket.socketID(), last?.id);
    for (const { id, sent } of server.sessions) {
      const got = atClient.get(id) ?? [];
      const due = sent.map((text) => text.slice(5)).slice(0, id === last?.id ? sent.length : got.length);
      assert.deepEqual(got, due, `what ${id} sent`);
    }
    const arrived = server.sessions.flatMap(({ received }) => received);
    assert.deepEqual(arrived.slice().sort(byNumber), arrived, "out of order at the server");
    assert.equal(new Set(arrived).size, arrived.length, "twice at the server");
    for (const { id, received } of server.sessions)
      for (const text of received)
        assert.equal(ephemeral.get(text) ?? id, id, "ephemeral, in another session");
    if (!weather.isServerFickle) {
      assert.equal(server.sessions.length, 1);
      assert.deepEqual(arrived, run.sent);
      assert.deepEqual(run.discarded, []);
    }
    assert.equal(network.faults.latencyMs, 0);

    kills += server.sessions.reduce((sum, { links }) => sum + links - 1, 0);
    messages += arrived.length + server.sessions.reduce((sum, { sent }) => sum + sent.length, 0);
    socket.close();
    await network.clock.advance(60_000);
    assert.equal(network.clock.pending, 0, "a timer is left");
  });
}

test("links did break", (t) => {
  t.diagnostic(
    `${SEEDS} seeds, ${kills} links resumed, ${messages} messages, none lost, doubled or out of order`,
  );
  assert.ok(kills > SEEDS * 15, `${kills}`);
});

function byNumber(left: string, right: string): number {
  return Number.parseInt(left, 10) - Number.parseInt(right, 10);
}
