import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  type AjaxAnswer,
  type AjaxInit,
  type AjaxRequest,
  decodeAjaxAnswer,
  decodeAjaxInit,
  encodeAjaxRequest,
} from "../src/proto/ajax.js";
import { decodeBatch, encodeBatch } from "../src/proto/batch.js";
import { decodeEnvelope, decodeParams, type Envelope, encodeEnvelope } from "../src/proto/envelope.js";
import { decodeFrame, encodeFrame, type Frame } from "../src/proto/frame.js";
import { decodeServerInit, encodeClientInit, type Former, type ResumeTerms } from "../src/proto/init.js";
import { decodePair, encodePair } from "../src/proto/pair.js";

interface Case {
  readonly id: string;
  readonly rule: string;
  readonly text: string;
  readonly error?: string;
  readonly encode?: boolean;
}

// The reasons for which the server refuses a text are nothing that a page could use: it only takes none.
function vectors<Extra>(file: string, check: (vector: Case & Extra) => void): void {
  const url = new URL(`../../../tests/vectors/${file}.json`, import.meta.url);
  for (const vector of JSON.parse(readFileSync(url, "utf8")) as (Case & Extra)[]) {
    test(`${file}: ${vector.id} ${vector.rule}`, () => check(vector));
  }
}

vectors<{ frame: Frame }>("frames", ({ text, error, frame, encode }) => {
  const { kind, data } = decodeFrame(text) ?? {};
  if (error) assert.equal(kind, undefined);
  // Behind a command that takes none it is nobody's [F-5].
  else
    assert.deepEqual(
      { kind, data: frame.data === undefined ? undefined : data },
      { ...frame, data: frame.data },
    );
  if (encode) assert.equal(encodeFrame(frame.kind, frame.data), text);
});

vectors<{ name: string; data: string; utf16?: boolean }>(
  "pairs",
  ({ text, error, name, data, utf16, encode }) => {
    assert.deepEqual(decodePair(text, utf16), error ? undefined : { name, data });
    if (encode) assert.equal(encodePair(name, data), text);
  },
);

// The other role's message and the comparison of versions are the server's business.
vectors<{
  role?: string;
  value: {
    socketID: string;
    batch?: true;
    limit?: number;
    errors?: true;
    auth?: string;
    resume?: ResumeTerms & Former;
    drain?: true;
  };
  refusal?: { code: string; message: string; data?: string };
}>("init", ({ role, text, error, value, refusal, encode }) => {
  if (role === "server") {
    const init = decodeServerInit(text);
    if (error) assert.equal(init, undefined);
    else if (refusal) {
      const data = refusal.data === undefined ? undefined : JSON.parse(refusal.data);
      assert.deepEqual(init, { refusal: { ...refusal, data } });
    } else {
      const { socketID, batch = false, limit = Number.POSITIVE_INFINITY, drain = false } = value;
      const resume = value.resume && { ...value.resume, received: value.resume.received };
      assert.deepEqual(init, { socketId: socketID, batch, limit, resume, drain });
    }
  } else if (role === "client" && encode && value.batch && value.errors && value.drain) {
    assert.equal(
      encodeClientInit({ auth: value.auth && JSON.parse(value.auth), resume: value.resume }),
      text,
    );
  }
});

vectors<{ messages: string[]; most?: number }>("batch", ({ text, error, messages, most, encode }) => {
  assert.deepEqual(decodeBatch(text, most), error ? undefined : messages);
  if (encode) assert.equal(encodeBatch(messages), text);
});

// What of a request the server alone reads has no reader here.
vectors<{ request?: AjaxRequest; init?: AjaxInit; answer?: AjaxAnswer; of?: "init" | "poll" }>(
  "ajax",
  ({ text, error, request, init, answer, of, encode }) => {
    if (of === "init") assert.deepEqual(decodeAjaxInit(text), error ? undefined : init);
    else if (of === "poll") assert.deepEqual(decodeAjaxAnswer(text), error ? undefined : answer);
    else if (request && encode) assert.equal(encodeAjaxRequest(request), text);
  },
);

vectors<{ envelope: Envelope }>("envelopes", ({ text, error, envelope, encode }) => {
  assert.deepEqual(readEnvelope(text), error ? undefined : envelope);
  if (encode) assert.equal(encodeEnvelope(envelope), text);
});

/** Reads an envelope to the end, as who takes calls does. */
function readEnvelope(text: string): Envelope | undefined {
  const read = decodeEnvelope(text);
  const params = read && decodeParams(read);
  if (!params) return undefined;
  const { rawParams: _, ...envelope } = read;
  return Object.keys(params).length ? { ...envelope, params } : envelope;
}
