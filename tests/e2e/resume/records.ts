// What has arrived, held against what should have. `tests/resume/src/records.rs` is its twin.

/** What travels and is counted here. */
export type Kind =
  | "call_answers"
  | "down"
  | "both_down"
  | "events"
  | "ask_runs"
  | "raw_down"
  | "side_down"
  | "notes"
  | "raw_up"
  | "side_up";

/** How many there were of a kind. */
export interface Tally {
  arrived: number;
  lost: number;
  doubled: number;
  reordered: number;
  failed: number;
}

/** Numbers that must come as 1, 2, 3 … */
interface Order {
  last: number;
  readonly missing: Set<number>;
}

/** Faults that are told; the rest is counted. */
const MOST_FAULTS = 20;

/** What one client has seen. Numbers begin with 1. */
export class Records {
  readonly #tallies: Partial<Record<Kind, Tally>> = {};
  readonly #orders = new Map<string, Order>();
  readonly #runs = new Map<Kind, Set<number>>();
  readonly #faults: string[] = [];
  #more = 0;

  /** Takes a number of what has an order; `stream` tells those of one kind apart. */
  arrive(kind: Kind, stream: number, number: number): void {
    const order = this.#order(kind, stream);
    const expected = order.last + 1;
    const tally = this.#tally(kind);
    tally.arrived++;
    if (number >= expected) {
      for (let missing = expected; missing < number; missing++) order.missing.add(missing);
      order.last = number;
    } else if (order.missing.delete(number)) {
      tally.reordered++;
    } else {
      tally.doubled++;
    }
    if (number !== expected) this.fault(`${kind} ${stream}: ${number} came, expected ${expected}`);
  }

  last(kind: Kind): number {
    return this.#orders.get(`${kind} 0`)?.last ?? 0;
  }

  /** There were `total` of what has an order. */
  end(kind: Kind, stream: number, total: number): void {
    const { last, missing } = this.#order(kind, stream);
    this.#orders.delete(`${kind} ${stream}`);
    const lost = missing.size + Math.max(total - last, 0);
    this.#tally(kind).lost += lost;
    if (lost || last > total)
      this.fault(`${kind} ${stream}: ${lost} of ${total} lost; the last was ${last}, missing ${[...missing].slice(0, 20)}`);
  }

  /** Takes a number of what must come once, in any order. */
  run(kind: Kind, number: number): void {
    const runs = this.#set(kind);
    const tally = this.#tally(kind);
    tally.arrived++;
    if (runs.has(number)) {
      tally.doubled++;
      this.fault(`${kind}: ${number} came again`);
    }
    runs.add(number);
  }

  /** There were `total` of what must come once. */
  endRuns(kind: Kind, total: number): void {
    const runs = this.#set(kind);
    const lost: number[] = [];
    for (let number = 1; number <= total; number++) if (!runs.has(number)) lost.push(number);
    this.#tally(kind).lost += lost.length;
    if (lost.length) this.fault(`${kind}: of ${total} these never came: ${lost.slice(0, 20)}`);
  }

  /** What should have been done has failed. */
  fail(kind: Kind, number: number, why: unknown): void {
    this.#tally(kind).failed++;
    this.fault(`${kind}: ${number} failed: ${why}`);
  }

  /** Something else is wrong. */
  fault(text: string): void {
    if (this.#faults.length < MOST_FAULTS) this.#faults.push(text);
    else this.#more++;
  }

  /** The result, as the program in Rust reads it. */
  outcome(): { readonly tallies: Partial<Record<Kind, Tally>>; readonly faults: readonly string[] } {
    const more = this.#more ? [`and ${this.#more} more`] : [];
    return { tallies: this.#tallies, faults: [...this.#faults, ...more] };
  }

  #order(kind: Kind, stream: number): Order {
    const key = `${kind} ${stream}`;
    let order = this.#orders.get(key);
    if (!order) {
      order = { last: 0, missing: new Set() };
      this.#orders.set(key, order);
    }
    return order;
  }

  #set(kind: Kind): Set<number> {
    let runs = this.#runs.get(kind);
    if (!runs) {
      runs = new Set();
      this.#runs.set(kind, runs);
    }
    return runs;
  }

  #tally(kind: Kind): Tally {
    this.#tallies[kind] ??= { arrived: 0, lost: 0, doubled: 0, reordered: 0, failed: 0 };
    return this.#tallies[kind];
  }
}
