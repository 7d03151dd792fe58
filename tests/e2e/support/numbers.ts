/** The numbers from 0 on; counts how many were asked for, and tells when whoever reads them has left. */
export class Numbers implements AsyncIterable<number> {
  made = 0;
  readonly left: Promise<void>;
  readonly #to: number;
  #leave: () => void = () => undefined;

  constructor(to = Number.POSITIVE_INFINITY) {
    this.#to = to;
    this.left = new Promise((resolve) => {
      this.#leave = resolve;
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number, void> {
    try {
      while (this.made < this.#to) yield this.made++;
    } finally {
      this.#leave();
    }
  }
}
