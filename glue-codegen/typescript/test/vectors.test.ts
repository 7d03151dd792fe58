import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeEnvelope, type Envelope, encodeEnvelope } from "../src/proto/envelope.js";
import { decodeFrame, encodeFrame, type Frame } from "../src/proto/frame.js";
import { decodeServerInit, encodeClientInit } from "../src/proto/init.js";
import { decodePair, encodePair } from "../src/proto/pair.js";

interface Case {
  readonly id: string;
  readonly rule: string;
  readonly text: string;
  readonly error?: string;
  readonly encode?: boolean;
}

function vectors<Extra>(file: string, check: (vector: Case & Extra) => void): void {
  const url = new URL(`../../../tests/vectors/${file}.json`, import.meta.url);
  for (const vector of JSON.parse(readFileSync(url, "utf8")) as (Case & Extra)[]) {
    test(`${file}: ${vector.id} ${vector.rule}`, () => check(vector));
  }
}

vectors<{ frame: Frame }>("frames", ({ text, error, frame, encode }) => {
  assert.deepEqual(decodeFrame(text), error ? { error } : frame);
  if (encode) assert.equal(encodeFrame(frame.kind, frame.data), text);
});

vectors<{ name: string; data: string; utf16?: boolean }>(
  "pairs",
  ({ text, error, name, data, utf16, encode }) => {
    assert.deepEqual(decodePair(text, utf16), error ? { error } : { name, data });
    if (encode) assert.equal(encodePair(name, data), text);
  },
);

// The other role's message and the comparison of versions are the server's business.
vectors<{ role?: string; value: { socketID: string } }>("init", ({ role, text, error, value, encode }) => {
  if (role === "server") {
    assert.deepEqual(decodeServerInit(text), error ? { error } : { socketId: value.socketID });
  } else if (role === "client" && encode) {
    assert.equal(encodeClientInit(), text);
  }
});

vectors<{ envelope: Envelope }>("envelopes", ({ text, error, envelope, encode }) => {
  assert.deepEqual(decodeEnvelope(text), error ? { error } : envelope);
  if (encode) assert.equal(encodeEnvelope(envelope), text);
});
