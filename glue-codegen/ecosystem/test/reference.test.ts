import assert from "node:assert/strict";
import { test } from "node:test";
import { HtmlValidate } from "html-validate";
import { documents } from "./documents.js";

const validator = new HtmlValidate({
  extends: ["html-validate:standard"],
  rules: {
    // What our own tests see byte for byte need not be in somebody's style.
    "no-trailing-whitespace": "off",
    "long-title": "off",
    "doctype-style": ["error", { style: "lowercase" }],
    "valid-id": ["error", { relaxed: true }],
  },
});

for (const [name, text] of documents(".html")) {
  test(`${name} is valid, and needs nothing else`, async () => {
    const report = await validator.validateString(text);

    const messages = report.results.flatMap((result) => result.messages);
    const found = messages.map(({ line, message, ruleId }) => `${line}: ${message} (${ruleId})`);
    assert.deepEqual(found, []);
    assert.doesNotMatch(text, /<(script|link|img|iframe|object)\b|\bon\w+=|url\(|@import|="javascript:/i);
  });

  test(`${name} leads to nothing that isn't there`, () => {
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    const targets = [...text.matchAll(/ href="#([^"]+)"/g)].map((match) => match[1]);

    assert.equal(new Set(ids).size, ids.length, "ids are unique");
    assert.deepEqual(
      targets.filter((target) => !ids.includes(target)),
      [],
    );
    assert.ok(targets.length > 0);
  });
}

for (const [name, text] of documents(".md")) {
  test(`${name} leads to nothing that isn't there`, () => {
    const ids = [...text.matchAll(/<a id="([^"]+)">/g)].map((match) => match[1]);
    const targets = [...text.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1]);

    assert.equal(new Set(ids).size, ids.length, "ids are unique");
    assert.deepEqual(
      targets.filter((target) => !ids.includes(target)),
      [],
    );
    assert.ok(targets.length > 0);
  });
}
