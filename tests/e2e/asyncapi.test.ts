// What servers and clients really say, against the payloads of the AsyncAPI document.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { type ClientOptions, WebSocket } from "ws";
import { CASES, play } from "./cases/cases.js";
import { Conversation, type Said } from "./support/conversation.js";
import { Desk } from "./support/desk.js";
import { Program } from "./support/program.js";

interface Document {
  readonly channels: Record<string, { readonly address: string; readonly messages: Record<string, Message> }>;
  readonly components: object;
}
interface Message {
  readonly payload?: object;
}

const document: Document = JSON.parse(
  readFileSync(new URL("generated/asyncapi.json", import.meta.url), "utf8"),
);
const ajv = formats.default(new Ajv({ strict: false }));
const validators = new Map<string, ValidateFunction>();
for (const { address, messages } of Object.values(document.channels)) {
  for (const [name, { payload }] of Object.entries(messages)) {
    const schema = { ...payload, components: document.components };
    validators.set(`${address}/${name}`, ajv.compile(schema));
  }
}

const said: Said[] = [];
const refused = new Set<Said>();

/** Keeps what is said. */
class Recorder extends WebSocket {
  readonly #conversation = new Conversation(Object.values(document.channels).map(({ address }) => address));
  readonly #requests = new Map<string, Said>();

  constructor(url: string | URL, options?: ClientOptions) {
    super(url, options);
    this.on("message", (data) => this.#keep(String(data), false));
  }

  override send(data: Parameters<WebSocket["send"]>[0]): void {
    this.#keep(String(data), true);
    super.send(data);
  }

  #keep(text: string, isSent: boolean): void {
    const found = this.#conversation.read(text, isSent);
    if (!found) return;
    said.push(found);
    const { exchange, message, payload } = found;
    if (exchange && message.endsWith(".request")) this.#requests.set(exchange, found);
    const isRefusal = message.endsWith(".error") && (payload as { code: string }).code === "invalid_argument";
    const request = exchange && isRefusal ? this.#requests.get(exchange) : undefined;
    if (request) refused.add(request);
  }
}

const server = await Program.probe();
const desk = await Desk.open(server);
after(async () => {
  desk.close();
  await server.kill();
});

test("every message of every case is as the document says", async () => {
  const setting = { url: server.url, desk: desk.url, options: { forceSocketType: "WebSocket", WebSocket: Recorder } } as const;
  for (const name of Object.keys(CASES)) await play(name, setting);

  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const part of said) {
    const name = `${part.channel}/${part.message}`;
    const validate = validators.get(name);
    // Cases also call what isn't there, and with what doesn't fit: those are refused.
    if (!validate || refused.has(part)) continue;
    seen.add(name);
    if (!validate(part.payload)) {
      const payload = JSON.stringify(part.payload).slice(0, 200);
      wrong.push(`${name}: ${payload}: ${ajv.errorsText(validate.errors)}`);
    }
  }

  assert.deepEqual(wrong, []);
  for (const part of ["request", "answer", "item", "upload", "error", "message"]) {
    assert.ok([...seen].some((name) => name.endsWith(`.${part}`)), part);
  }
  // Nothing that is refused would have been accepted by the document, where it says anything.
  assert.ok(seen.size > 80, `${seen.size} of ${validators.size} kinds of messages, ${said.length} in all`);
  console.log(`${said.length} messages of ${seen.size} kinds fit the document, which has ${validators.size} kinds`);
});

test("what a server refuses as arguments, the document refuses too", () => {
  const accepted: string[] = [];
  for (const { channel, message, payload } of refused) {
    const text = JSON.stringify(payload);
    // Of an integer in digits a schema can tell the length alone.
    if (validators.get(`${channel}/${message}`)?.(payload) && !/"\d{19,}"/.test(text)) accepted.push(`${message}: ${text}`);
  }

  assert.ok(refused.size > 0);
  assert.deepEqual(accepted, []);
});
