/** Tests patterns of models: a call cannot avoid one by another spelling of its model. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { countsModel, permitsModel } from "./model-pattern.ts";

const written: readonly string[] = [
  "gpt-5",
  "GPT-5",
  " gpt-5",
  "\tGpt-5 ",
  `${" ".repeat(250)}gpt-5`,
  "models/gpt-5",
  "Models/GPT-5",
  "publishers/openai/models/gpt-5",
];
const dated: readonly string[] = ["gpt-5-2025-08-07", "gpt-5-latest"];
const patterns: readonly string[] = ["gpt-5", "GPT-5", "models/gpt-5", "publishers/a/models/gpt-5"];

test("a name matches in any case, with spaces around it and after a path", () => {
  for (const id of written) {
    for (const pattern of [...patterns, "gpt-5*", "Models/gpt-5*"]) {
      const text = `${pattern} ${JSON.stringify(id)}`;
      assert.equal(permitsModel([pattern], id), true, text);
      assert.equal(permitsModel(["*", `!${pattern}`], id), false, `!${text}`);
      assert.equal(countsModel([pattern], id), true, text);
      assert.equal(countsModel(["*", `!${pattern}`], id), false, `!${text}`);
    }
    for (const matches of [permitsModel, countsModel]) {
      assert.equal(matches(null, id), true);
      assert.equal(matches(["gpt-4o"], id), false);
      assert.equal(matches(["*", "!gpt-4o*"], id), true);
    }
  }
});

test("a dated id is excluded and counted by the name of its model, but not permitted by it", () => {
  for (const id of dated) {
    for (const pattern of patterns) {
      assert.equal(permitsModel([pattern], id), false, id);
      assert.equal(permitsModel(["*", `!${pattern}`], id), false, id);
      assert.equal(countsModel([pattern], id), true, id);
      assert.equal(countsModel(["*", `!${pattern}`], id), true, id);
    }
    assert.equal(permitsModel(["gpt-5*"], id), true);
  }
});

test("a region before a name is the same: excluded and counted, and permitted if it is named", () => {
  const id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  for (const pattern of ["claude-*", "anthropic.claude-sonnet-4-5", "us.*", id]) {
    assert.equal(countsModel([pattern], id), true, pattern);
    assert.equal(permitsModel([`!${pattern}`], id), false, pattern);
  }
  assert.equal(permitsModel(["anthropic.*"], id), false);
  assert.equal(permitsModel(["us.*"], id), true);
  for (const pattern of ["eu.*", "eu.anthropic.claude-sonnet-4-5", "anthropic.claude-sonnet-4"])
    assert.equal(countsModel([pattern], id), false, pattern);
});

test("another model or stage of release, and an id too long for a price, match by their own names", () => {
  assert.equal(countsModel(["gpt-5"], "gpt-5-mini"), false);
  assert.equal(countsModel(["gemini-3-pro"], "gemini-3-pro-preview"), false);
  assert.equal(countsModel(["models/*"], "gpt-5"), false, "a path alone names no model");
  const long = `Models/GPT-5-${"x".repeat(230)}`;
  assert.equal(permitsModel(["*", "!gpt-5*"], long), false);
});
