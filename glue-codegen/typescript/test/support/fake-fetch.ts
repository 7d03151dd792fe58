import type { Fetch, FetchAnswer, FetchInit } from "../../src/transport/ajax.js";
import { settled } from "./fake-clock.js";

/** A request that the test answers. */
export class FakeRequest {
  readonly url: string;
  readonly init: FetchInit;
  #resolve: (answer: FetchAnswer) => void = () => {};
  #reject: (cause: unknown) => void = () => {};
  readonly answered: Promise<FetchAnswer>;

  constructor(url: string, init: FetchInit) {
    this.url = url;
    this.init = init;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    init.signal.addEventListener("abort", () => this.#reject(init.signal.reason));
  }

  get body(): string {
    return this.init.body;
  }

  async answer(body: string, status = 200): Promise<void> {
    this.begin(status, async () => body);
    await settled();
  }

  /** The head of an answer; what is asked for next is its body. */
  begin(status: number, text: () => Promise<string>, length?: number): void {
    const get = (): string | null => (length === undefined ? null : String(length));
    this.#resolve({ ok: status >= 200 && status < 300, status, headers: { get }, text });
  }

  async fail(): Promise<void> {
    this.#reject(new TypeError("Failed to fetch"));
    await settled();
  }
}

/** The network as `fetch` shows it. */
export class FakeFetch {
  /** Requests that {@link take} didn't return yet. */
  #requests: FakeRequest[] = [];

  readonly fetch: Fetch = (url, init) => {
    const request = new FakeRequest(url, init);
    this.#requests.push(request);
    return request.answered;
  };

  /** The bodies of the requests that wait to be taken. */
  get bodies(): string[] {
    return this.#requests.map(({ body }) => body);
  }

  /** The next request, which must have this body. */
  take(body: string): FakeRequest {
    const request = this.#requests.shift();
    if (request?.body !== body) throw new Error(`expected ${body}, got ${request?.body ?? "nothing"}`);
    return request;
  }
}
