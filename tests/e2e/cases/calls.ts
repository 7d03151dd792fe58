import { type MathError, type Point, Probe, type Shape } from "../generated/index.js";
import { event, Inbox } from "../support/inbox.js";
import { failure, holds, same } from "./check.js";
import type { Scene } from "./scene.js";

/** Typed calls, notifications and events. */
export const CALLS = {
  "values of every shape travel there and back": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const point: Point = { x: 0.1, y: -2e300, label: "é & <b>" };
    const shapes: Shape[] = ["Nothing", { Dot: { x: 0, y: 0 } }, { Circle: { center: point, radius: 3 } }];
    const text = '日本 😀\u2028\0\ufeff "&%\\';

    same(await probe.add(2, -5), -3);
    same(await probe.echoText(text), text);
    same(await probe.echoPoint(point), point);
    same(await probe.echoOption(), null);
    same(await probe.echoMap({ a: 1, "b c": 2 }), { a: 1, "b c": 2 });
    for (const shape of shapes) same(await probe.echoShape(shape), shape);
  },

  "a method's error is typed data": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());

    const error = await failure(probe.divide(7, 0));

    const expected: MathError = { reason: "division_by_zero", dividend: 7 };
    same([error.code, error.data], ["application", expected]);
  },

  "what doesn't fit is refused, by name": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());

    const error = await failure(probe.add("1" as unknown as number, 2));

    same(error.code, "invalid_argument");
    holds(/add.*\ba\b/.test(error.message), error.message);
  },

  "a panic tells nothing of the server's inside, and ends its own call only": async (
    scene: Scene,
  ): Promise<void> => {
    const probe = new Probe(scene.connect());
    const other = probe.hang(scene.label()).catch(() => "ended");

    const error = await failure(probe.panics());

    same(error.code, "internal");
    holds(!error.message.includes("secret"), error.message);
    same(await Promise.race([other, probe.add(1, 1)]), 2);
  },

  "a number that JavaScript can't hold is an error": async (scene: Scene): Promise<void> => {
    same((await failure(new Probe(scene.connect()).tooBig())).code, "internal");
  },

  "a method knows its caller": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    same(await new Probe(socket).whoami(), socket.socketID());
  },

  "two clients on one socket share the channel": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    same(await Promise.all([new Probe(socket).add(1, 2), new Probe(socket).add(3, 4)]), [3, 7]);
  },

  "many calls run at the same time, and each gets its own answer": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const numbers = Array.from({ length: 500 }, (_, n) => n);

    const sums = await Promise.all(numbers.map((n) => probe.add(n, n)));

    same(
      sums,
      numbers.map((n) => 2 * n),
    );
  },

  "calls of a megabyte": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const text = "é".repeat(520_000);

    holds((await probe.echoText(text)) === text, "the text came back whole");
    same((await probe.large(5_000_000)).length, 5_000_000);
  },

  "notifications arrive in order, before a later call": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const label = scene.label();
    const texts = Array.from({ length: 100 }, (_, n) => `${label} ${n}`);

    for (const text of texts) probe.note(text);

    same(
      (await probe.notes()).filter((note) => note.startsWith(label)),
      texts,
    );
  },

  "events reach their listeners until those are removed": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const inbox = new Inbox<unknown>();
    const remove = probe.on("emitted", inbox.push);

    await probe.emit("first", 2);
    remove();
    await probe.emit("second", 1);

    same(inbox.all, [
      { text: "first", point: null },
      { text: "first", point: { x: 1, y: 0 } },
    ]);
  },

  "an aborted call is dropped by the server": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const label = scene.label();
    const abort = new AbortController();
    const call = failure(probe.hang(label, { signal: abort.signal }));
    await probe.unit();

    abort.abort();

    same((await call).code, "cancelled");
    await probe.dropped(label);
  },

  "a call with a signal that has fired isn't made": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    same((await failure(probe.add(1, 1, { signal: AbortSignal.abort() }))).code, "cancelled");
  },

  "when nobody will come back, calls fail as not sent": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const probe = new Probe(socket);
    await probe.unit();
    const lost = event(socket, "reconnecting");
    await scene.order("kill");
    await lost;
    const waiting = failure(probe.unit());

    socket.close();

    for (const { code, data } of [await waiting, await failure(probe.unit())])
      same([code, data], ["unavailable", { outcome: "not_sent" }]);
  },

  "a lost server fails what is under way; what is called meanwhile waits for it": async (
    scene: Scene,
  ): Promise<void> => {
    const socket = scene.connect();
    const probe = new Probe(socket);
    const hanging = failure(probe.hang(scene.label()));
    const item = failure(probe.followNotes()[Symbol.asyncIterator]().next());
    await probe.unit();

    const lost = event(socket, "reconnecting");
    await scene.order("kill");
    await lost;
    const sum = probe.add(20, 22);
    await scene.order("start");

    for (const { code, data } of [await hanging, await item])
      same([code, data], ["unavailable", { outcome: "unknown" }]);
    same(await sum, 42);
  },
};
