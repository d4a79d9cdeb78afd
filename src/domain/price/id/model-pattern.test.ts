/** Tests patterns of models: a call cannot avoid one by another spelling of its model. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesModel } from "./model-pattern.ts";

const spellings: readonly string[] = [
  "gpt-5",
  "GPT-5",
  " gpt-5",
  "gpt-5 ",
  "\tGpt-5",
  `${" ".repeat(250)}gpt-5`,
  "models/gpt-5",
  "Models/GPT-5",
  "publishers/openai/models/gpt-5",
  "gpt-5-2025-08-07",
  "gpt-5-latest",
];

test("a pattern matches every spelling that is priced as the same model", () => {
  for (const id of spellings) {
    for (const pattern of ["gpt-5", "gpt-5*", "GPT-5", "models/gpt-5", "Models/gpt-5*"]) {
      const text = `${pattern} ${JSON.stringify(id)}`;
      assert.equal(matchesModel([pattern], id), true, text);
      assert.equal(matchesModel(["*", `!${pattern}`], id), false, `!${text}`);
    }
    assert.equal(matchesModel(null, id), true);
    assert.equal(matchesModel(["gpt-4o"], id), false);
    assert.equal(matchesModel(["*", "!gpt-4o*"], id), true);
  }
});

test("a pattern without a region or a maker matches the model in each; one with it does not", () => {
  const id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  for (const pattern of ["claude-*", "anthropic.claude-sonnet-4-5", "us.*", id])
    assert.equal(matchesModel([pattern], id), true, pattern);
  for (const pattern of ["eu.*", "eu.anthropic.claude-sonnet-4-5", "anthropic.claude-sonnet-4"])
    assert.equal(matchesModel([pattern], id), false, pattern);
});

test("another model or stage of release, and an id too long for a price, match by their own names", () => {
  assert.equal(matchesModel(["gpt-5"], "gpt-5-mini"), false);
  assert.equal(matchesModel(["gemini-3-pro"], "gemini-3-pro-preview"), false);
  assert.equal(matchesModel(["models/*"], "gpt-5"), false, "a path alone names no model");
  const long = `Models/GPT-5-${"x".repeat(230)}`;
  assert.equal(matchesModel(["*", "!gpt-5*"], long), false);
});
