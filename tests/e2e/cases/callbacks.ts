import { type Asked, type Declined, Duplex } from "../generated/index.js";
import { event } from "../support/inbox.js";
import { failure, holds, same } from "./check.js";
import type { Scene } from "./scene.js";

/** Methods of the client, which the server calls. */
export const CALLBACKS = {
  "the server asks and the client answers": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    duplex.handle("confirm", async ({ question }) => `${question}? yes`);

    const answers = await Promise.all(["one", "two"].map((question) => duplex.ask(question)));

    same(answers, [answered("one? yes"), answered("two? yes")]);
  },

  "a client fails with the method's own error": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const errors: Declined[] = [{ reason: "busy", until: 7 }, { reason: "never" }];
    duplex.handle("confirm", ({ question }, { fail }) => fail(errors[Number(question)] as Declined));

    same(
      [await duplex.ask("0"), await duplex.ask("1")],
      errors.map((error) => ({ type: "declined", error })),
    );
  },

  "without a handler a method of the client is unimplemented": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());

    const before = code(await duplex.ask(""));
    const remove = duplex.handle("confirm", () => "now");
    const meanwhile = await duplex.ask("");
    remove();

    same([before, meanwhile, code(await duplex.ask(""))], ["unimplemented", answered("now"), "unimplemented"]);
  },

  "a client that never answers is waited for as long as the server likes": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    let given: AbortSignal | undefined;
    const stopped = new Promise<void>((resolve) => {
      duplex.handle("confirm", (_, { signal }) => {
        given = signal;
        signal.addEventListener("abort", () => resolve());
        return new Promise(() => undefined);
      });
    });

    const asked = await duplex.ask("anybody there", 50);
    await stopped;

    same([code(asked), given?.aborted], ["deadline_exceeded", true]);
  },

  "a handler may call the server": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    duplex.handle("confirm", async ({ question }) => `${await duplex.sum([...question].map(Number))}`);

    same(await duplex.ask("1234"), answered("10"));
  },

  "a call that is aborted drops the question, and its handler is told": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    const abort = new AbortController();
    const stopped = new Promise<void>((resolve) => {
      duplex.handle("confirm", (_, { signal }) => {
        signal.addEventListener("abort", () => resolve());
        abort.abort();
        return new Promise(() => undefined);
      });
    });

    same((await failure(duplex.ask("?", null, { signal: abort.signal }))).code, "cancelled");
    await stopped;
  },

  "a question ends with its socket": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const duplex = new Duplex(socket);
    const stopped = new Promise<void>((resolve) => {
      duplex.handle("confirm", (_, { signal }) => {
        signal.addEventListener("abort", () => resolve());
        socket.close();
        return new Promise(() => undefined);
      });
    });

    const asked = failure(duplex.ask("?"));
    await stopped;

    same((await asked).code, "unavailable");
  },

  "handlers stay over a reconnect": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const duplex = new Duplex(socket);
    duplex.handle("confirm", () => "still here");
    await socket.ready();

    const back = event(socket, "connected");
    socket.channel("order").send("close");
    await back;

    same(await duplex.ask("?"), answered("still here"));
  },

  "a method has one handler": async (scene: Scene): Promise<void> => {
    const duplex = new Duplex(scene.connect());
    duplex.handle("confirm", () => "first");

    const error = await failure(
      (async () => {
        duplex.handle("confirm", () => "second");
      })(),
    );

    same([error.code, await duplex.ask("?")], ["invalid_argument", answered("first")]);
  },

  "a trace goes to the server, to what it asks the client, and into the handler": async (
    scene: Scene,
  ): Promise<void> => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const other = "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-00";
    const socket = scene.connect();
    const duplex = new Duplex(socket);
    const traced = new Duplex(socket, { traceparent: () => other });
    duplex.handle("trace_here", (_, { traceparent }) => traceparent ?? null);

    same(
      [
        await duplex.trace(),
        await duplex.trace({ traceparent }),
        await traced.trace(),
        await traced.trace({ traceparent }),
        await duplex.trace({ traceparent: "nonsense" }),
      ],
      [null, traceparent, other, traceparent, null],
    );
    const there = await duplex.traceThere({ traceparent });
    holds(there.type === "answered", JSON.stringify(there));
    same(await duplex.traceThere({ traceparent }), answered(traceparent));
    same(await duplex.traceThere(), answered(null));
  },
};

function answered(answer: string | null): Asked {
  return { type: "answered", answer };
}

/** With what the server's call failed. */
function code(asked: Asked): string {
  return asked.type === "failed" ? asked.code : asked.type;
}
