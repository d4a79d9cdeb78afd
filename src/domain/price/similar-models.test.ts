/** Tests the models suggested for a name without a price. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, type KnownModels, similarModels } from "./similar-models.ts";

const names = [
  "openai/gpt-5-mini",
  "openai/gpt-5",
  "azure/gpt-5-mini",
  "azure/dall-e-3",
  "openrouter/anthropic/claude-sonnet",
  "/quick",
];
const models = names.map((name) => {
  const slash = name.indexOf("/");
  return { provider: name.slice(0, slash), model: name.slice(slash + 1) };
});

function similar(name: string, isPriced: KnownModels["isPriced"] = () => true): readonly string[] {
  return similarModels(name, { models, isPriced });
}

test("suggestions have the form of the name, the nearest first", () => {
  assert.deepEqual(similar("gpt-5-minni"), ["gpt-5-mini", "gpt-5"]);
  assert.deepEqual(similar("openai/gpt-5-minni"), ["openai/gpt-5-mini", "openai/gpt-5"]);
  assert.deepEqual(similar("quik"), ["quick"]);
  assert.deepEqual(similar("anthropic/claude-sonet"), ["anthropic/claude-sonnet"]);
  assert.deepEqual(similar("nothing-like-it"), []);
});

test("the same model of another provider is suggested, and a misspelt provider is corrected", () => {
  assert.deepEqual(similar("openai/dall-e-3"), ["azure/dall-e-3"]);
  assert.equal(similar("opnai/gpt-5")[0], "openai/gpt-5");
});

test("a model without a price now is not suggested, nor the name itself", () => {
  assert.deepEqual(
    similar("gpt-5-minni", ({ model }) => model !== "gpt-5-mini"),
    ["gpt-5"],
  );
  assert.equal(similar("openai/gpt-5").includes("openai/gpt-5"), false);
});

test("a remedy begins with the suggestions, if there are any", () => {
  assert.equal(didYouMean(["a", "b"]), "Did you mean a, b? ");
  assert.equal(didYouMean([]), "");
});
