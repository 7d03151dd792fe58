/** Numbers from a seed (mulberry32): equal seeds give equal numbers. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 to 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };

  within(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from));
  }

  /** A length that is mostly short, seldom longer than a link takes at once. */
  length(): number {
    const kind = this.next();
    if (kind < 0.8) return this.within(0, 100);
    return kind < 0.96 ? this.within(1000, 5000) : this.within(20_000, 60_000);
  }
}
