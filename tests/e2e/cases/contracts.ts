import { Duplex, GlueError, interceptors, Probe, safe, Vault } from "../generated/index.js";
import {
  type InterceptedCall,
  type Next,
  Rpc,
  type RpcSocket,
  type StaleCheck,
  staleCheck,
} from "../generated/runtime/index.js";
import { collect } from "../support/collect.js";
import { failure, holds, same } from "./check.js";
import type { Scene } from "./scene.js";

/** What both sides have agreed on: errors by type, who may call what, how much, and which version of a method. */
export const CONTRACTS = {
  "a method's own error is known by its type, and for no other's": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());

    const error = await failure(probe.divide(7, 0));

    holds(Probe.isError(error, "divide"), "it is that of divide");
    if (Probe.isError(error, "divide") && error.data.reason === "division_by_zero") same(error.data.dividend, 7);
    same([Probe.isError(error, "failing"), Vault.isError(error, "unlock")], [false, false]);
    same(Probe.isError(await failure(probe.panics()), "divide"), false);
    holds(Probe.isError(await failure(collect(probe.failing(1))), "failing"), "streams have errors, too");
  },

  "a call is safe: its value or its error, by type": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const probe = new Probe(socket);

    const [good, bad] = [await safe(probe.divide(7, 2)), await safe(probe.divide(7, 0))];
    socket.close();
    const late = await safe(probe.divide(7, 1));

    same(good, { ok: true, value: 3 });
    if (bad.ok || bad.error.code !== "application") throw new Error("it has an error of its own");
    same(bad.error.data.reason, "division_by_zero");
    if (late.ok || late.error.code !== "unavailable") throw new Error("there is no socket");
    same(late.error.data?.outcome, "not_sent");
  },

  "arguments that don't fit are refused by method, parameter and place": async (scene: Scene): Promise<void> => {
    const probe = new Probe(scene.connect());
    const point = { x: 1, y: "2" } as unknown as { x: number; y: number };
    const calls: [Promise<unknown>, string[]][] = [
      [probe.echoPoint(point), ["echo_point", "point.y"]],
      [probe.echoList([{ x: 1, y: 2 }, point]), ["echo_list", "list[1].y"]],
      [probe.echoMap({ a: -1 }), ["echo_map", "map.a"]],
      [probe.echoText(undefined as unknown as string), ["echo_text", "text"]],
    ];

    for (const [call, parts] of calls) {
      const { code, message } = await failure(call);
      same(code, "invalid_argument");
      for (const part of parts) holds(message.includes(part), `${part} in ${message}`);
    }
  },

  "who hasn't said who it is is unauthenticated, and who has no role is denied": async (scene: Scene): Promise<void> => {
    const ends = async (name: string | undefined): Promise<unknown[]> => {
      const vault = new Vault(scene.connect(name === undefined ? {} : { auth: name }));
      const open = [await safe(vault.unlock(42)), await safe(vault.empty())];
      return [await vault.name(), ...open.map((end) => (end.ok ? end.value : end.error.code))];
    };

    same(await ends(undefined), [null, "unauthenticated", "unauthenticated"]);
    same(await ends("Eve"), ["Eve", "gold", "permission_denied"]);
    same(await ends("Ann"), ["Ann", "gold", "emptied by Ann"]);
  },

  "middleware hears how calls end": async (scene: Scene): Promise<void> => {
    const vault = new Vault(scene.connect({ auth: "Eve" }));

    await vault.name();
    await failure(vault.unlock(41));
    await failure(vault.empty());

    same(await vault.log(), ["name ok", "unlock application", "empty permission_denied"]);
  },

  "interceptors stand around calls, notifications and streams": async (scene: Scene): Promise<void> => {
    const seen: string[] = [];
    const log = (name: string) => (call: InterceptedCall, next: Next) => {
      seen.push(`${name} ${call.channel}.${call.method} ${call.kind}`);
      return next(call);
    };
    const again = async (call: InterceptedCall, next: Next): Promise<unknown> => {
      const args = call.method === "divide" ? { ...call.args, b: 2 } : call.args;
      try {
        return await (next(call) as Promise<unknown>);
      } catch {
        return await (next({ ...call, args }) as Promise<unknown>);
      }
    };
    const socket = scene.connect();
    const probe = new Probe(socket, { intercept: interceptors(log("outer"), log("inner")) });
    const stubborn = new Probe(socket, { intercept: again });
    const text = scene.label();

    probe.note(text);
    const results = [await probe.add(1, 2), await collect(probe.count(3)), await stubborn.divide(6, 0)];

    same(results, [3, [0, 1, 2], 3]);
    same(
      seen,
      ["note notification", "add call", "count stream"].flatMap((call) => [`outer probe.${call}`, `inner probe.${call}`]),
    );
    holds((await probe.notes()).includes(text), "the notification has arrived");
  },

  "calls and streams past the limits fail, and those under way go on": async (scene: Scene): Promise<void> => {
    const [many, other] = [new Duplex(scene.connect()), new Duplex(scene.connect())];
    const label = scene.label();
    const streams = Array.from({ length: 256 }, () => many.hangStream(label)[Symbol.asyncIterator]());
    const items = streams.map((stream) => stream.next());
    for (const item of items) item.catch(() => undefined);

    const stream = await failure(many.hangStream(label)[Symbol.asyncIterator]().next());
    const finished = Array.from({ length: 1024 - 256 }, () => many.finish(label));
    const call = await failure(many.unit());

    same([stream.code, call.code], ["resource_exhausted", "resource_exhausted"]);
    await other.count(`go:${label}`);
    await Promise.all(finished);
    await many.unit();
    for (const stream of streams) void stream.return?.();
    await many.reached(`gone:${label}`, 256);
  },

  "a stub that has another version of one method is stale for that one only": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const other = "0123456789abcdef";
    const duplex = patched(socket, { sum: other, removed: other, hang_stream: other });

    const { code, data, method } = await failure(duplex.sum([1]));
    const stream = await failure(collect(duplex.hangStream("")));
    const results = [await duplex.sumUpTo(9, [1, 2]), await collect(duplex.double("", [7]))];

    same([code, method], ["stale_client", "duplex.sum"]);
    const { server, ...mine } = data as Record<string, unknown>;
    same(mine, { method: "sum", client: other });
    holds(/^[0-9a-f]{16}$/.test(String(server)) && server !== other, `the server's hash is ${server}`);
    same(stream.code, "stale_client");
    same(results, [3, [7, 7]]);
  },

  "a method that the server has no more is stale": async (scene: Scene): Promise<void> => {
    const socket = scene.connect();
    const contract = { schema: "0123456789abcdef", stale: staleCheck({ gone: "0123456789abcdef" }) };
    const rpc = Rpc.open(socket, "duplex", contract);

    const first = await failure(rpc.call("gone", {}));
    const later = await failure(rpc.call("gone", {}));

    for (const { code, data } of [first, later])
      same([code, data], ["stale_client", { method: "gone", client: "0123456789abcdef", server: null }]);
  },

  "a method that nobody has heard of is unimplemented": async (scene: Scene): Promise<void> => {
    const error = await failure(Rpc.open(scene.connect(), "duplex").call("nothing", {}));
    same([error instanceof GlueError, error.code], [true, "unimplemented"]);
  },
};

/** A stub as it would have been generated from another description of the channel. */
function patched(socket: RpcSocket, changed: Readonly<Record<string, string>>): Duplex {
  const { open } = Rpc;
  const check = staleCheck(changed);
  Rpc.open = (socket, name, contract, options) => {
    const stale: StaleCheck = (method, theirs) => check(method, theirs) ?? contract?.stale?.(method, theirs);
    return open(socket, name, { schema: "0123456789abcdef", stale }, options);
  };
  try {
    return new Duplex(socket);
  } finally {
    Rpc.open = open;
  }
}
