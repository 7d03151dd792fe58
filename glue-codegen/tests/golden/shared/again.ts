// What an application makes of streams that go on in the next session; compiled, not run.
import type { Feed } from "../again-fakes/out/feed.js";
import { FakeFeed } from "../again-fakes/out/feed.fake.js";

/** All that a tracked item may be, and nothing else. */
export async function texts(feed: Feed): Promise<string[]> {
  let seen: string[] = [];
  let last: bigint | undefined;
  for await (const happening of feed.happenings("lobby", last)) {
    if (happening === "gap") {
      seen = [];
      continue;
    }
    last = happening.cursor;
    seen.push(happening.value.text);
  }
  // @ts-expect-error: a gap has no cursor.
  for await (const word of feed.words()) seen.push(word.cursor);
  return seen;
}

export const fake: FakeFeed = new FakeFeed({
  async *happenings(_room, afterId) {
    if (afterId) yield "gap" as const;
    yield { cursor: 1n, value: { at: 1n, text: "hello" } };
  },
  clear: () => undefined,
});
