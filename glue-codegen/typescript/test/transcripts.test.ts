// What real servers and clients of the original were recorded saying (tests/transcripts): ours reads all of it, and our client
// in the place of the original does the same, except where that was wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFrame, encodeFrame } from "../src/proto/frame.js";
import { decodePair, encodePair } from "../src/proto/pair.js";
import { DIFFERENCES } from "./support/differences.js";
import { recordings } from "./support/recordings.js";
import { type Conduct, Replay, recorded } from "./support/replay.js";

/** Real timers and links are that late, in milliseconds; ours are on time. */
const LATE = 60;

test("all that the original server was recorded saying is read, and written back alike", () => {
  let texts = 0;
  for (const { file, serverSaid } of recordings()) {
    for (const text of serverSaid) {
      texts++;
      const frame = decodeFrame(text);
      assert.ok(frame, `${file}: ${text}`);
      assert.equal(encodeFrame(frame.kind, frame.data), text);
      if (frame.kind !== "channel_data") continue;
      const pair = decodePair(text.slice(2));
      assert.ok(pair, `${file}: ${text}`);
      assert.equal(encodePair(pair.name, pair.data), frame.data);
    }
  }
  assert.ok(texts > 450, `${texts} texts`);
});

for (const recording of recordings().filter(({ isOriginal }) => isOriginal)) {
  const { file, events } = recording;
  test(`our client does what the original did: ${file}`, async () => {
    const theirs = recorded(recording);
    const { why = "", ours = {} } = DIFFERENCES[file] ?? {};

    const conduct = withoutExtensions(await new Replay(recording).run());

    for (const aspect of Object.keys(theirs) as (keyof Conduct)[]) {
      // Nobody listened to those in Chromium.
      if (aspect === "events" && !events.length) continue;
      const expected = ours[aspect] ?? theirs[aspect];
      assert.ok(
        isClose(conduct[aspect], expected),
        `${aspect}: ${show(conduct[aspect])} is not ${show(expected)} ${why && `(${why})`}`,
      );
      if (ours[aspect]) assert.ok(!isClose(ours[aspect], theirs[aspect]), `${aspect} is no difference`);
    }
  });
}

test("every difference names a recording that is there, and a rule or a weakness", () => {
  const files = recordings().map(({ file }) => file);

  for (const [file, { why }] of Object.entries(DIFFERENCES)) {
    assert.ok(files.includes(file), file);
    assert.match(why, /\[[A-Z]-\d+\]|\b[ABC]\d+\b/);
  }
});

/** Takes out of each `in` what announces extensions, of which the original has none [B-1]. Who doesn't come back has no use for one. */
function withoutExtensions(conduct: Conduct): Conduct {
  const extensions = /,"batch":true,"errors":true(?:,"resume":{})?,"drain":true}$/;
  const said = conduct.said.map(([init = "", ...rest]) => {
    assert.match(init, extensions);
    return [init.replace(extensions, "}"), ...rest];
  });
  return { ...conduct, said };
}

/** Whether two things are the same, but for numbers: those are times. */
function isClose(ours: unknown, theirs: unknown): boolean {
  if (typeof ours === "number" && typeof theirs === "number") return Math.abs(ours - theirs) <= LATE;
  if (typeof ours !== "object" || typeof theirs !== "object" || !ours || !theirs) return ours === theirs;
  const [left, right] = [ours, theirs] as Record<string, unknown>[];
  const keys = Object.keys(left ?? {});
  return (
    keys.length === Object.keys(right ?? {}).length && keys.every((key) => isClose(left?.[key], right?.[key]))
  );
}

function show(value: unknown): string {
  return JSON.stringify(value);
}
