import { AjaxEndpoint } from "./ajax-endpoint.js";
import type { AjaxLink } from "./ajax-link.js";
import type { Faults } from "./faults.js";
import {
  bodyParts,
  type HttpAnswer,
  type HttpRequest,
  type MemoryFetchInit,
  MemoryResponse,
  requestKind,
} from "./http.js";
import type { Wire } from "./wire.js";

/** A request whose answer has not come. */
interface Pending {
  readonly link: AjaxLink | undefined;
  readonly fail: (cause?: unknown) => void;
}

/** A `fetch` that reaches the Ajax endpoint of a server in memory. */
export class MemoryFetch {
  readonly #faults: Faults;
  readonly #endpoint: AjaxEndpoint;
  readonly #pending = new Set<Pending>();

  constructor(faults: Faults, open: (request: HttpRequest, wire: Wire) => AjaxLink) {
    this.#faults = faults;
    this.#endpoint = new AjaxEndpoint(open);
  }

  fetch(url: string, init: MemoryFetchInit = {}): Promise<MemoryResponse> {
    const { method = "GET", body = "", signal } = init;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const gone = new AbortController();
      const kind = requestKind(body);
      const link = kind === "init" ? undefined : this.#endpoint.find(bodyParts(body).uid);
      const wire = link?.wire ?? this.#faults.newWire();
      const settle = (): void => {
        this.#pending.delete(pending);
        signal?.removeEventListener("abort", onAbort);
      };
      const fail = (cause: unknown = new TypeError("fetch failed")): void => {
        settle();
        gone.abort();
        reject(cause);
      };
      const pending = { link, fail };
      const onAbort = (): void => fail(signal?.reason);
      this.#pending.add(pending);
      signal?.addEventListener("abort", onAbort);

      const answered = (answer: HttpAnswer): void => {
        if (answer === undefined) throw new TypeError("an interceptor gave no answer");
        wire.carry("toClient", () => {
          settle();
          resolve(new MemoryResponse(answer));
        });
      };
      wire.carry("toServer", () => {
        // Broken off on its way: it never arrived.
        if (gone.signal.aborted) return;
        const request = { url, method, body, kind, signal: gone.signal };
        this.#faults
          .answer(request, () => this.#endpoint.handle(request, wire))
          .then(answered)
          .catch((cause) => wire.carry("toClient", () => fail(cause)));
      });
    });
  }

  /** Breaks the requests of a session, or of all. */
  breakOff(link?: AjaxLink): void {
    for (const pending of this.#pending) {
      if (!link || pending.link === link) queueMicrotask(() => pending.fail());
    }
  }
}
