import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { glue, Load, type Sent, type Socket } from "./generated/index.js";
import { Random } from "./random.js";
import { type Kind, Records } from "./records.js";

type SocketType = ReturnType<Socket["type"]>;

/** How long what was sent is waited for, with a link that is whole. */
const PATIENCE_MS = 20_000;

/** What the program in Rust gets to know at the end; see `tests/resume/src/client.rs`. */
export type Report = ReturnType<Records["outcome"]> & Pick<Worker, "resumed" | "fresh" | "switched">;

/** A client that does all that a client can do, all the time. */
export class Worker {
  resumed = 0;
  fresh = 0;
  switched = 0;
  readonly #socket: Socket;
  readonly #load: Load;
  readonly #records = new Records();
  readonly #seed: number;
  readonly #log: (text: string) => void;
  #calls = 0;
  #isOver = false;

  constructor(client: number, transport: "both" | SocketType, url: string, seed: number, log: (text: string) => void) {
    this.#seed = seed + client * 1000;
    this.#log = log;
    this.#socket = glue(url, {
      WebSocket,
      forceSocketType: transport === "both" ? false : transport,
      auth: client,
      connectTimeout: 800,
      pingInterval: 200,
      pingReconnectTimeout: 250,
      reconnectDelay: 10,
      reconnectDelayMax: 60,
      reconnectAttempts: 0,
      random: this.#random(50).next,
    });
    this.#watch();
    this.#load = new Load(this.#socket);
    this.#receive();
  }

  /** The proxy breaks no links any more. */
  end(): void {
    this.#isOver = true;
  }

  async work(): Promise<Report> {
    await this.#doEverything();
    const { resumed, fresh, switched } = this;
    this.#isOver = true;
    this.#socket.close();
    return { ...this.#records.outcome(), resumed, fresh, switched };
  }

  async #doEverything(): Promise<void> {
    // The server is told to end this by `finish`.
    const attending = this.#load.attend().catch((error: unknown) => {
      this.#records.fail("call_answers", 0, `attend: ${error}`);
      return undefined;
    });
    const [raw, side, notes] = await Promise.all([
      this.#send("m", "raw_up"),
      this.#send("side", "side_up"),
      this.#note(),
      this.#call(1),
      this.#call(2),
      this.#call(3),
      this.#count(),
      this.#take(),
      this.#both(),
    ]);
    const sent: Sent = { raw, side, notes, calls: this.#calls };
    this.#log(`finish ${JSON.stringify(sent)}`);
    const theirs = await this.#load.finish(sent).catch((error: unknown) => {
      this.#records.fail("call_answers", 0, `finish: ${error}`);
      return undefined;
    });
    this.#records.endRuns("call_answers", sent.calls);
    if (!theirs) return;
    const attended = await attending;
    if (!attended) return;
    const expected: readonly (readonly [Kind, number])[] = [
      ["raw_down", theirs.raw],
      ["side_down", theirs.side],
      ["events", attended.events],
    ];
    for (let waited = 0; waited < PATIENCE_MS; waited += 20) {
      if (expected.every(([kind, total]) => this.#records.last(kind) >= total)) break;
      await pause(20);
    }
    for (const [kind, total] of expected) this.#records.end(kind, 0, total);
    this.#records.endRuns("ask_runs", attended.asks);
  }

  /** Notes what becomes of the link. */
  #watch(): void {
    const socket = this.#socket;
    let before: { readonly id: string; readonly type: SocketType } | undefined;
    socket.on("connected", () => {
      const now = { id: socket.socketID(), type: socket.type() };
      this.#log(`connected, ${now.id}, ${now.type}`);
      if (before?.id === now.id) this.resumed++;
      else if (before) {
        this.fresh++;
        this.#records.fault(`a fresh session, ${now.id}`);
      }
      if (before && before.type !== now.type) this.switched++;
      before = now;
    });
    socket.on("reconnecting", () => this.#log("reconnecting"));
    socket.on("timeout", () => this.#log("timeout"));
    socket.on("connect_timeout", () => this.#log("connect_timeout"));
    socket.on("error", (error) => this.#log(`${error.message}: ${error.cause}`));
    socket.on("discard_send_buffer", () => this.#records.fault("the send buffer was discarded"));
    socket.on("disconnected", () => {
      if (!this.#isOver) this.#records.fault("disconnected");
    });
  }

  #receive(): void {
    const kinds: readonly (readonly [string, Kind])[] = [
      ["m", "raw_down"],
      ["side", "side_down"],
    ];
    for (const [name, kind] of kinds) {
      this.#socket.channel(name).onMessage((text) => this.#records.arrive(kind, 0, numberOf(text)));
    }
    this.#load.on("told", ({ number }) => this.#records.arrive("events", 0, number));
    this.#load.handle("ask", async ({ number }) => {
      this.#records.run("ask_runs", number);
      // Some are answered at once, some by another link.
      if (number % 4) await pause((number % 4) * 10);
      return number;
    });
  }

  async #send(name: string, kind: "raw_up" | "side_up"): Promise<number> {
    const random = this.#random(name === "m" ? 1 : 2);
    const channel = this.#socket.channel(name);
    let sent = 0;
    while (!this.#isOver) {
      for (let burst = random.within(1, 8); burst > 0; burst--) {
        const number = sent + 1;
        const length = random.length();
        const text = `${number}:${length}:${"x".repeat(length)}`;
        let isTaken: boolean | undefined;
        const discarded = (): void => {
          if (isTaken) this.#records.fail(kind, number, "discarded");
        };
        isTaken = channel.send(text, discarded) >= 0;
        // There is no more room: later.
        if (!isTaken) break;
        sent = number;
      }
      await pause(random.within(0, 30));
    }
    return sent;
  }

  async #note(): Promise<number> {
    const random = this.#random(3);
    let sent = 0;
    // What is said before there is a session has nobody to be told.
    await this.#socket.ready();
    while (!this.#isOver) {
      this.#load.note(++sent);
      await pause(random.within(0, 12));
    }
    return sent;
  }

  async #call(part: number): Promise<void> {
    const random = this.#random(3 + part);
    while (!this.#isOver) {
      const wait = random.next() < 0.7 ? 0 : random.within(1, 120);
      await this.#try("call", async (number) => {
        const answer = await this.#load.call(number, wait);
        if (answer !== number) throw new Error(`answered ${answer}`);
      });
      await pause(random.within(0, 10));
    }
  }

  async #count(): Promise<void> {
    const random = this.#random(10);
    while (!this.#isOver) {
      const to = random.within(1, 150);
      await this.#try("count", (number) => this.#read("down", number, to, this.#load.count(number, to)));
      await pause(random.within(0, 20));
    }
  }

  async #take(): Promise<void> {
    const random = this.#random(11);
    while (!this.#isOver) {
      const to = random.within(1, 150);
      await this.#try("take", async (number) => {
        const count = await this.#load.take(number, to, items(to));
        if (count !== to) throw new Error(`${count} of ${to} were taken`);
      });
      await pause(random.within(0, 20));
    }
  }

  async #both(): Promise<void> {
    const random = this.#random(12);
    while (!this.#isOver) {
      const to = random.within(1, 150);
      await this.#try("both", (number) => this.#read("both_down", number, to, this.#load.both(number, to, items(to))));
      await pause(random.within(0, 20));
    }
  }

  async #read(kind: Kind, number: number, to: number, stream: AsyncIterable<number>): Promise<void> {
    try {
      for await (const item of stream) this.#records.arrive(kind, number, item);
    } finally {
      this.#records.end(kind, number, to);
    }
  }

  async #try(method: string, run: (number: number) => Promise<void>): Promise<void> {
    const number = ++this.#calls;
    try {
      await run(number);
      this.#records.run("call_answers", number);
    } catch (error) {
      this.#log(`${method} ${number}: ${error}`);
      this.#records.fail("call_answers", number, `${method}: ${error}`);
      // A loop that fails again and again needn't be fast.
      await pause(20);
    }
  }

  #random(part: number): Random {
    return new Random(this.#seed + part);
  }
}

/** 1 to `to`, some of them after a while. */
async function* items(to: number): AsyncGenerator<number> {
  for (let item = 1; item <= to; item++) {
    if (item % 50 === 0) await pause(5);
    yield item;
  }
}

/** The number of a text; 0, which none has, if it isn't whole. */
function numberOf(text: string): number {
  const [number, length, padding] = text.split(":");
  return padding?.length === Number(length) ? Number(number) : 0;
}
