// Calls against a server that says anything: each settles once, in its order, and nothing is said that the rules forbid.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GlueError } from "../src/errors.js";
import { decodeEnvelope } from "../src/proto/envelope.js";
import { Rpc } from "../src/rpc/caller.js";
import { handle } from "../src/rpc/handle.js";
import { callWith, streamWith } from "../src/rpc/upload.js";
import { seededRandom } from "../src/testing/index.js";
import { settled } from "./support/fake-clock.js";
import { type FakeWebSocket, World } from "./support/fake-transport.js";

/** What a session knows of an exchange of the client. */
interface Seen {
  takesItems: boolean;
  granted: number;
  sent: number;
  endedUp: boolean;
  isOver: boolean;
}

class Stage {
  readonly log: string[] = [];
  readonly #world = new World({ reconnectAttempts: 0 });
  readonly #rpc: Rpc;
  readonly #random: () => number;
  #link: FakeWebSocket;
  /** Of the client in this session, by number. */
  #seen = new Map<number, Seen>();
  /** Calls of the server that were not answered. */
  #asked = new Set<number>();
  #lastAsked = 0;
  #made = 0;
  #settled = 0;
  #gates: (() => void)[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#link = this.#world.connect();
    this.#rpc = Rpc.open(this.#world.socket, "a");
    handle(this.#rpc, "confirm", ({ late }: { late?: boolean }) =>
      late ? new Promise<void>((resolve) => this.#gates.push(resolve)) : 1,
    );
    this.#check();
  }

  async play(): Promise<void> {
    for (let step = 0; step < 60; step++) {
      this.#one([this.#call, this.#call, this.#say, this.#say, this.#say, this.#ask, this.#pass])();
      await settled();
      this.#check();
    }
    this.#world.socket.close();
    for (const open of this.#gates.splice(0)) open();
    await settled();
    assert.equal(this.#settled, this.#made, "what was asked has been settled, once");
  }

  #call = (): void => {
    const controller = new AbortController();
    const options = this.#one([{}, {}, { timeoutMs: 40 }, { signal: controller.signal }]);
    const kind = this.#one(["call", "upload", "failing", "stream", "both"]);
    this.log.push(`${kind} ${JSON.stringify(options)}`);
    if (kind === "call") this.#await(this.#rpc.call("call", {}, options));
    else if (kind === "stream") this.#read(this.#rpc.stream<number>("stream", {}, options));
    else if (kind === "both") this.#read(streamWith<number>(this.#rpc, "both", {}, numbers(5), options));
    else this.#await(callWith(this.#rpc, "upload", {}, numbers(3, kind === "failing"), options));
    if (options.signal && this.#random() < 0.5) this.#world.clock.after(20, () => controller.abort());
  };

  #await(call: Promise<unknown>): void {
    this.#made++;
    const settle = (): void => void this.#settled++;
    call.then(settle, (error) => {
      assert.ok(error instanceof GlueError || error.message === "on purpose", String(error));
      settle();
    });
  }

  /** Items are numbered by the server of this test from 0 on. */
  #read(items: AsyncIterable<number>): void {
    const most = this.#upTo(20);
    this.#await(
      (async () => {
        let last = -1;
        for await (const item of items) {
          assert.ok(item > last, `${item} behind ${last}`);
          last = item;
          if (item >= most) return;
        }
      })(),
    );
  }

  /** Something of an exchange, mostly of one that there is. */
  #say = (): void => {
    const id = this.#one([...this.#seen.keys(), 1, 2, 99]);
    const rest = this.#one(["&", "&1", "&x", "", ";&1", "&8", "&2147483647", '&{"code":"x","message":""}']);
    if (this.#random() < 0.1) this.#hear(this.#one(["hi&{}", "hi&x", "ev&joined&{}", "zz", "", "nt&x&{}"]));
    else if (this.#random() < 0.5) {
      for (let item = 0; item < this.#upTo(9); item++) this.#hear(`it${id}&${this.#number++}`);
    } else this.#hear(`${this.#one(["ok", "er", "en", "cr", "ca", "cr"])}${id}${rest}`);
  };
  #number = 0;

  /** A call of the server, or its end. */
  #ask = (): void => {
    const id = this.#lastAsked + this.#one([2, 2, 2, 4, 1, 0]);
    if (this.#random() < 0.7) {
      if (id % 2 === 0 && id > this.#lastAsked) {
        this.#lastAsked = id;
        this.#asked.add(id);
      }
      const rest = this.#one(["", ";t=20"]);
      this.#hear(
        `rq${id}${rest}&${this.#one(["confirm", "nope"])}&${this.#one(["{}", '{"late":true}', "1"])}`,
      );
    } else {
      this.#hear(`ca${id}&`);
      this.#asked.delete(id);
    }
  };

  #pass = (): void => {
    const what = this.#one(["time", "time", "gate", "lose"]);
    this.log.push(what);
    if (what === "time") this.#world.clock.advance(this.#upTo(50));
    else if (what === "gate") this.#gates.shift()?.();
    else {
      this.#check();
      this.#link.fail();
      this.#seen = new Map();
      this.#asked = new Set();
      this.#lastAsked = 0;
      this.#world.clock.advance(10_000);
      this.#link = this.#world.accept();
    }
  };

  #hear(text: string): void {
    this.#check();
    this.log.push(`< ${text}`);
    const envelope = decodeEnvelope(text);
    const seen = this.#seen.get(envelope?.id ?? 0);
    if (seen && envelope) {
      if (envelope.kind === "credit") seen.granted += envelope.credit ?? 0;
      else if (envelope.kind === "cancel") seen.takesItems = false;
      else if (["ok", "error", "end"].includes(envelope.kind)) seen.isOver = true;
    }
    this.#link.receive(`cd1&a${text}`);
  }

  /** Checks what the client has said. */
  #check(): void {
    for (const text of this.#link.take()) {
      this.log.push(`> ${text}`);
      if (text.startsWith("cd1&a")) this.#checkOne(text.slice(5));
    }
  }

  #checkOne(text: string): void {
    const envelope = decodeEnvelope(text);
    assert.ok(envelope, text);
    const { kind, id = 0, method = "" } = envelope;
    if (kind === "hello") {
      assert.equal(this.#seen.size, 0, "[R-7]");
    } else if (kind === "request") {
      assert.equal(id, 2 * this.#seen.size + 1, "[R-1]");
      const takesItems = method === "upload" || method === "both";
      this.#seen.set(id, { takesItems, granted: 0, sent: 0, endedUp: false, isOver: false });
    } else if (id % 2 === 0) {
      assert.ok(this.#asked.delete(id), `[R-2] ${text}`);
    } else {
      const seen = this.#seen.get(id);
      assert.ok(seen && (!seen.isOver || kind === "cancel" || kind === "credit"), `of nothing: ${text}`);
      if (kind === "item") assert.ok(++seen.sent <= seen.granted, `[S-9] ${text}`);
      if (kind === "item" || kind === "end") assert.ok(seen.takesItems && !seen.endedUp, `[S-10] ${text}`);
      if (kind === "end") seen.endedUp = true;
      if (kind === "cancel") seen.isOver = true;
    }
  }

  #one<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }

  #upTo(most: number): number {
    return Math.floor(this.#random() * (most + 1));
  }
}

async function* numbers(count: number, fails = false): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield number;
  if (fails) throw new Error("on purpose");
}

/** `GLUE_SEEDS=100000` looks for more. */
const { GLUE_SEEDS = "300" } = process.env;

test("every call settles once, whatever the server says [R-2] [R-11] [S-9]", async () => {
  for (let seed = 0; seed < Number(GLUE_SEEDS); seed++) {
    const stage = new Stage(seed);
    try {
      await stage.play();
    } catch (error) {
      throw new Error(`seed ${seed}: ${error}\n${stage.log.slice(-40).join("\n")}`, { cause: error });
    }
  }
});
