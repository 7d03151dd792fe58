import { Again } from "../generated/index.js";
import { failure, same } from "./check.js";
import type { Scene } from "./scene.js";

/** Calls and streams whose session ends. */
export const AGAIN = {
  "a call that may run twice is sent again when its session ends, and no other is": async (
    scene: Scene,
  ): Promise<void> => {
    const socket = scene.connect();
    const again = new Again(socket);
    const labels = [scene.label(), scene.label()] as const;
    const once = failure(again.once(labels[0]));
    const twice = again.twice(labels[1]);
    for (const label of labels) await again.reached(label, 1);

    socket.channel("order").send("close");

    same(await twice, 2);
    const { code, data } = await once;
    same([code, data], ["unavailable", { outcome: "unknown" }]);
    same([await again.reached(labels[0], 1), await again.reached(labels[1], 1)], [1, 2]);
  },

  "a stream with cursors goes on in the next session, and says where items are missing": async (
    scene: Scene,
  ): Promise<void> => {
    const socket = scene.connect();
    const got: (number | string)[] = [];

    for await (const item of new Again(socket).numbers()) {
      got.push(item === "gap" ? item : item.cursor);
      if (item === "gap") continue;
      same(item.value, String(item.cursor));
      if (item.cursor === 40) break;
      if (item.cursor % 10 === 0) socket.channel("order").send("close");
    }

    const numbers = (from: number, to: number): number[] =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index);
    same(got, [...numbers(1, 20), "gap", ...numbers(25, 40)]);
  },
};
