import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DiagnosticSeverity, Parser } from "@asyncapi/parser";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { documents } from "./documents.js";

const parser = new Parser();

for (const [name, text] of documents(".asyncapi.json")) {
  test(`${name} is what the official parser accepts`, async () => {
    const { document, diagnostics } = await parser.parse(text);

    const errors = diagnostics.filter((found) => found.severity === DiagnosticSeverity.Error);
    assert.deepEqual(errors, []);
    assert.ok(document);
    const channels: object = JSON.parse(text).channels;
    assert.equal(document.channels().all().length, Object.keys(channels).length);
    for (const operation of document.operations().all()) {
      assert.ok(operation.messages().all().length > 0, operation.id());
      assert.equal(operation.channels().all().length, 1);
    }
  });
}

test("the operations are those of the server", async () => {
  const [, text] = documents("values.asyncapi.json")[0] ?? assert.fail();

  const { document } = await parser.parse(text);

  const operation = (id: string) => document?.operations().get(id) ?? assert.fail(id);
  const shape = (id: string) => {
    const reply = operation(id).reply()?.messages().all();
    return [operation(id).action(), reply?.map((message) => message.name())];
  };
  assert.deepEqual(shape("values.tree"), ["receive", ["values.tree.answer", "values.tree.error"]]);
  assert.deepEqual(shape("values.search"), [
    "receive",
    ["values.search.item", "values.search.end", "values.search.error"],
  ]);
  assert.deepEqual(shape("values.typing"), ["receive", undefined]);
  assert.deepEqual(shape("values.changed"), ["send", undefined]);
  assert.deepEqual(shape("values.confirm"), ["send", ["values.confirm.answer", "values.confirm.error"]]);
  assert.deepEqual(shape("values.upload.items"), ["receive", undefined]);
});

interface Document {
  readonly channels: Record<string, { readonly messages: Record<string, { readonly payload?: object }> }>;
  readonly components: object;
}

/** Compiles the payload of a message. */
function payload(document: Document, channel: string, message: string): ValidateFunction {
  const ajv = formats.default(new Ajv({ strict: false, allErrors: true }));
  const schema = document.channels[channel]?.messages[message]?.payload ?? assert.fail(message);
  return ajv.compile({ ...schema, components: document.components });
}

/** By message of the channel `values`: what fits and what doesn't. */
const VALUES: Record<string, { readonly fits: readonly unknown[]; readonly not: readonly unknown[] }> =
  JSON.parse(readFileSync(new URL("values.json", import.meta.url), "utf8"));

const values: Document = JSON.parse(documents("values.asyncapi.json")[0]?.[1] ?? "");

for (const [message, { fits, not }] of Object.entries(VALUES)) {
  test(`the payload of ${message} takes what fits and nothing else`, () => {
    const validate = payload(values, "values", message);

    for (const value of fits) {
      assert.ok(validate(value), `${JSON.stringify(value)}: ${JSON.stringify(validate.errors)}`);
    }
    for (const value of not) {
      assert.ok(!validate(value), JSON.stringify(value));
    }
  });
}

test("every type of the values is tried", () => {
  const answers = Object.keys(values.channels["values"]?.messages ?? {}).filter((name) =>
    name.endsWith(".answer"),
  );

  // These two are of types that say nothing.
  const untried = answers.filter((name) => VALUES[name] === undefined);
  assert.deepEqual(untried, ["any.answer", "verbatim.answer"]);
});
