import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeFrame, encodeFrame } from "../src/proto/frame.js";
import { VERSION } from "../src/proto/init.js";
import { decodePair, encodePair } from "../src/proto/pair.js";
import { Outbox } from "../src/session/outbox.js";
import { Session, type SessionEvent } from "../src/session/session.js";

/** A line of a recording that holds a message; see tests/transcripts/README.md. */
interface Message {
  readonly dir: "c>s" | "s>c";
  readonly t_ms: number;
  readonly conn: number;
  readonly ws: string;
}

const FOLDER = new URL("../../../tests/transcripts/websocket/", import.meta.url);
/** Times of the original client, which are also our defaults. */
const TIMES = { connectTimeout: 10_000, pingInterval: 35_000, pingReconnectTimeout: 5_000 };

interface Recording {
  readonly file: string;
  /** Whether the original JavaScript client was on the other side. */
  readonly isOriginal: boolean;
  readonly connections: readonly (readonly Message[])[];
}

function recordings(): Recording[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".jsonl"))
    .map((file) => {
      const text = readFileSync(new URL(file, FOLDER), "utf8");
      const lines: Partial<Message & { note: string }>[] = text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const connections = new Map<number, Message[]>();
      for (const line of lines.filter((line) => typeof line.ws === "string")) {
        const { conn = 0 } = line;
        connections.set(conn, [...(connections.get(conn) ?? []), line as Message]);
      }
      const isOriginal = lines.some(({ note }) => note?.startsWith("glue.js events"));
      return { file, isOriginal, connections: [...connections.values()] };
    });
}

/** Reads channel data, which must be well-formed, in the unit in which it was written. */
function pairOf(text: string, utf16 = false): { name: string; data: string } {
  const pair = decodePair(text.slice(2), utf16);
  assert.ok(!("error" in pair), text);
  return pair;
}

test("all that the original server was recorded saying is read, and written back alike", () => {
  let texts = 0;
  for (const { file, connections } of recordings()) {
    for (const { ws } of connections.flat().filter(({ dir }) => dir === "s>c")) {
      texts++;
      const frame = decodeFrame(ws);
      assert.ok(!("error" in frame), `${file}: ${ws}`);
      assert.equal(encodeFrame(frame.kind, frame.data), ws);
      if (frame.kind === "channel_data") {
        const { name, data } = pairOf(ws);
        assert.equal(encodePair(name, data), frame.data);
      }
    }
  }
  assert.ok(texts > 200, `${texts} texts`);
});

/**
 * Plays what the original server said to a session of ours, and has it send what the page sent.
 *
 * Returns what ours said and what it told the page.
 */
function replay(connection: readonly Message[]): { said: string[]; told: SessionEvent[] } {
  const outbox = new Outbox();
  const session = new Session(TIMES, outbox, () => true, connection[0]?.t_ms ?? 0);
  const said: string[] = [];
  const told: SessionEvent[] = [];
  session.handleOpen(JSON.stringify({ version: VERSION }), connection[0]?.t_ms ?? 0);
  for (const { dir, t_ms, ws } of connection) {
    session.handleTimeout(t_ms, () => true);
    if (dir === "s>c") session.handleText(ws, t_ms);
    else if (ws.startsWith("cd"))
      outbox.push({ text: encodeFrame("channel_data", encodePair(pairOf(ws).name, pairOf(ws).data)) });
    else if (ws === "cl") session.close();
    for (let text = session.pollText(); text !== undefined; text = session.pollText()) said.push(text);
    for (let event = session.pollEvent(); event; event = session.pollEvent()) told.push(event);
  }
  return { said, told };
}

/** Where ours differs from the original client, and why. */
const DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ["nonascii-channel-glue-js.jsonl", "the original counts names in UTF-16 units, we in bytes [C-1]"],
  ["init-newer-version-glue-js.jsonl", "the recording made the original claim a newer version"],
]);

for (const { file, connections } of recordings().filter(({ isOriginal }) => isOriginal)) {
  if (DIFFERENCES.has(file)) continue;
  test(`our client says what the original said: ${file}`, () => {
    for (const connection of connections) {
      const { said, told } = replay(connection);

      assert.deepEqual(
        said,
        connection.filter(({ dir }) => dir === "c>s").map(({ ws }) => ws),
      );
      const received = connection.filter(({ dir, ws }) => dir === "s>c" && ws.startsWith("cd"));
      assert.deepEqual(
        told.filter(({ kind }) => kind === "data"),
        received.map(({ ws }) => ({ kind: "data", ...pairOf(ws) })),
      );
      // A blocked server said nothing.
      const isAnswered = connection.some(({ dir }) => dir === "s>c");
      assert.equal(told[0]?.kind, isAnswered ? "open" : undefined);
    }
  });
}

test("a client that the original server refused is told not to come back", () => {
  const refused = recordings().find(({ file }) => file === "init-newer-version-glue-js.jsonl");

  const { told } = replay(refused?.connections[0] ?? []);

  assert.deepEqual(told, [{ kind: "dont_reconnect" }]);
});

test("every difference names a recording that is there", () => {
  const files = recordings().map(({ file }) => file);

  assert.deepEqual(
    [...DIFFERENCES.keys()].filter((file) => !files.includes(file)),
    [],
  );
});
