// What an application writes against the stubs, for the type checker alone: it says what they let through and what not.
import { FakeRooms } from "../rooms-fakes/out/rooms.fake.js";
import { Rooms, type RoomsApi } from "../rooms-fakes/out/rooms.js";
import type { Chunk, PostError, Update, WatchError } from "../rooms-fakes/out/types.js";
import { type RpcSocket, safe } from "./runtime/index.js";

declare const socket: RpcSocket;
declare function is<T>(value: T): void;

export async function calls(rooms: Rooms, chunks: AsyncIterable<Chunk>): Promise<void> {
  is<number>(await rooms.post("hi", { timeoutMs: 500 }));
  is<number>(await rooms.upload("a", null, chunks));
  is<number>(await rooms.collect([1, 2]));
  for await (const update of rooms.watch("lobby")) is<Update>(update);
  for await (const line of rooms.translate(["a"])) is<string>(line);
  // @ts-expect-error the items are of another type
  rooms.collect(["1"]);
  // @ts-expect-error a stream is needed
  rooms.upload("a", null);
}

export async function failures(rooms: Rooms): Promise<void> {
  const result = await safe(rooms.post("hi"));
  if (result.ok) is<number>(result.value);
  else if (result.error.code === "application") is<PostError>(result.error.data);

  try {
    await rooms.post("hi");
  } catch (error) {
    if (Rooms.isError(error, "post")) is<PostError>(error.data);
    if (Rooms.isError(error, "watch")) is<WatchError>(error.data);
    // @ts-expect-error the method has no error of its own
    Rooms.isError(error, "collect");
  }
}

export function handlers(rooms: Rooms): void {
  rooms.handle("confirm", async ({ question }, { signal, fail }) => {
    if (signal.aborted) fail({ reason: question });
    return true;
  });
  rooms.handle("ask_name", ({ old_name }) => old_name ?? "");
  rooms.handle("close", () => {});
  // @ts-expect-error it answers with another type
  rooms.handle("confirm", () => "yes");
  // @ts-expect-error the method has no error of its own
  rooms.handle("ask_name", (_, { fail }) => fail("no"));
}

export async function fakes(): Promise<void> {
  const rooms = new FakeRooms({
    post: (text) => text.length,
    async *watch(room) {
      yield { id: 1, text: room };
    },
    collect: async (numbers) => {
      let sum = 0;
      for await (const number of numbers) sum += number;
      return sum;
    },
  });
  is<RoomsApi>(rooms);
  is<RoomsApi>(new Rooms(socket, { timeoutMs: 1_000, intercept: (call, next) => next(call) }));
  rooms.fake.emit("joined", { user: "ann" });
  is<boolean>(await rooms.fake.request("confirm", { question: "?" }));
  for (const call of rooms.fake.calls) {
    if (call.method === "post") is<string>(call.args[0]);
  }
  // @ts-expect-error it answers with another type
  new FakeRooms({ post: () => "one" });
}
