// How much a page loads. The figures are printed, so that a change can say what it costs. Sessions that outlive their links, and servers
// that send their clients away, are some 1,250 bytes of it: numbers, acknowledgements, what is kept and sent again, and the ways in
// which a session ends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.js";

/** A budget is in bytes, minified and compressed as a server does that has prepared its files. */
interface Part {
  readonly name: string;
  readonly script: string;
  readonly budget: number;
  /** Texts of the wire that give away which code is in: they survive the minifier. */
  readonly has: readonly string[];
  readonly hasNot: readonly string[];
}

/** Only typed calls write these. */
const RPC = ["malformed answer", "unexpected answer"];
const SOCKET = ["connect_timeout", "discard_send_buffer"];

/** Calls, notifications, server streams, events; what follows is asked for by generated code or the application. */
const CHAT = "glue, Rpc";
/** What it asks for beside that where a channel has it, or what an application asks for itself. */
const UPLOADS = "callWith, streamWith";
const FAILURES = "safe, isError";
const STALE = "staleCheck";
/** And where methods are idempotent, or streams have cursors. */
const AGAIN = "callAgain, streamFrom";
/** Texts that only these parts hold. */
const CURSOR = "no cursor";
const HANDLES = "too many calls under way";
const UPLOAD = "item of ";

/** What generated code asks for where values travel exactly. */
const CODED = "codedOptions, once, lazy, object, array, nullable, bigint, bytes, date, map, set";
const CODECS = "./src/codec/index.js";
/** Texts of the codecs. */
const CODEC = [" expected", "a string of digits"];

const exported = (names: string): string => `export { ${names} } from "./src/index.js"`;

const PARTS: readonly Part[] = [
  {
    name: "the whole client: sockets, calls, notifications, server streams, events",
    script: exported(CHAT),
    budget: 10_400,
    has: [...RPC, ...SOCKET],
    hasNot: [HANDLES, UPLOAD, CURSOR, "getRandomValues", "reduceRight", "has changed", ...CODEC],
  },
  {
    name: "the same with the check for methods that have changed, as generated code has it",
    script: exported(`${CHAT}, ${STALE}`),
    budget: 10_450,
    has: ["stale_client", "has changed"],
    hasNot: [HANDLES, UPLOAD, "getRandomValues"],
  },
  {
    name: "the same with several interceptors",
    script: exported(`${CHAT}, interceptors`),
    budget: 10_400,
    has: ["reduceRight"],
    hasNot: [HANDLES, UPLOAD, "has changed"],
  },
  {
    name: "the same with calls and streams that go on in the next session",
    script: exported(`${CHAT}, ${AGAIN}`),
    budget: 10_600,
    has: [CURSOR],
    hasNot: [HANDLES, UPLOAD],
  },
  {
    name: "the same with client streams",
    script: exported(`${CHAT}, ${UPLOADS}`),
    budget: 10_700,
    has: [UPLOAD],
    hasNot: [HANDLES],
  },
  {
    name: "the same with methods of the client",
    script: exported(`${CHAT}, handle`),
    budget: 11_200,
    has: [HANDLES],
    hasNot: [UPLOAD],
  },
  {
    name: "the same with failures as values and guards of errors",
    script: exported(`${CHAT}, ${FAILURES}`),
    budget: 10_450,
    has: [],
    hasNot: [HANDLES, UPLOAD],
  },
  {
    name: "the same with traces of its own",
    script: exported(`${CHAT}, newTraceparent`),
    budget: 10_550,
    has: ["getRandomValues"],
    hasNot: [HANDLES, UPLOAD],
  },
  {
    name: "everything that runs in an application",
    script: exported(
      `${CHAT}, ${AGAIN}, ${UPLOADS}, handle, ${FAILURES}, ${STALE}, interceptors, newTraceparent`,
    ),
    budget: 12_050,
    has: [HANDLES, UPLOAD, CURSOR],
    hasNot: ["no stub of", ...CODEC],
  },
  {
    name: "the whole client with a channel whose integers travel exactly",
    script: `${exported(CHAT)}; export { codedOptions, once, object, bigint } from "${CODECS}"`,
    budget: 11_400,
    has: CODEC,
    hasNot: ["base64", "RFC 3339", "no second of the same"],
  },
  {
    name: "the whole client with channels where everything travels exactly",
    script: `${exported(CHAT)}; export { ${CODED} } from "${CODECS}"`,
    budget: 12_250,
    has: [...CODEC, "base64", "RFC 3339", "no second of the same"],
    hasNot: [HANDLES],
  },
  {
    name: "codecs that nothing uses, as generated code has them",
    script: `import { array, generic, lazy, object, once } from "${CODECS}";
      const ACodec = /* @__PURE__ */ lazy(() => object({ a: array(ACodec) }));
      const PageCodec = /* @__PURE__ */ generic((TCodec) => object({ items: array(TCodec) }));
      const ACodecs = /* @__PURE__ */ once(() => ({ get: { answer: PageCodec(ACodec) } }));
      export const nothing = 0`,
    budget: 60,
    has: ["nothing"],
    hasNot: CODEC,
  },
  {
    name: "a fake for tests of user interfaces",
    script: exported("Fake"),
    budget: 1_000,
    has: ["no stub of"],
    hasNot: [...RPC, ...SOCKET],
  },
  {
    name: "sockets without typed calls",
    script: 'import { glue } from "./src/index.js"; glue().send("text")',
    budget: 7_400,
    has: SOCKET,
    hasNot: RPC,
  },
  {
    name: "typed calls over somebody else's socket",
    script: 'export { Rpc } from "./src/index.js"',
    budget: 4_200,
    has: RPC,
    hasNot: SOCKET,
  },
  {
    name: "errors",
    script: 'export { GlueError } from "./src/index.js"',
    budget: 250,
    has: ["GlueError"],
    hasNot: [...RPC, ...SOCKET],
  },
  {
    name: "reading a message",
    script: 'export { decodeFrame } from "./src/proto/frame.js"',
    budget: 300,
    has: [],
    hasNot: [...RPC, ...SOCKET],
  },
];

for (const { name, script, budget, has, hasNot } of PARTS) {
  test(`${name}: at most ${budget} bytes`, async (t) => {
    const code = await bundle(script);
    const size = gzipSync(code, { level: 9 }).length;
    const text = new TextDecoder().decode(code);

    t.diagnostic(`${name}: ${size} of ${budget} bytes (${code.length} before gzip)`);
    assert.ok(size <= budget, `${size} bytes`);
    for (const word of has) assert.ok(text.includes(word), `${word} is missing`);
    for (const word of hasNot) assert.ok(!text.includes(word), `${word} is not needed here`);
  });
}
