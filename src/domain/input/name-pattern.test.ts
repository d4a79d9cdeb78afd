/** Tests patterns for names of models and providers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPatterns, matchesName } from "./name-pattern.ts";

test("names match exactly or by prefix; a leading ! excludes names", () => {
  for (const [patterns, name, matches] of [
    [null, "sim", true],
    [["sim"], "sim", true],
    [["sim"], "simple", false],
    [["si*"], "simple", true],
    [["!sim"], "sim", false],
    [["!sim"], "openai", true],
    [["!si*"], "simple", false],
    [["*", "!sim"], "openai", true],
    [["*", "!sim"], "sim", false],
    [["!sim", "*"], "sim", false],
    [["gpt-*", "!gpt-5*"], "gpt-4o", true],
    [["gpt-*", "!gpt-5*"], "gpt-5-mini", false],
    [["gpt-*", "!gpt-5*"], "claude", false],
  ] as const) {
    assert.equal(matchesName(patterns, name), matches, `${JSON.stringify(patterns)} ${name}`);
  }
});

test("a pattern with ! is validated like others", () => {
  assert.deepEqual(checkPatterns(["!sim", "!gpt-*"], "models"), ["!sim", "!gpt-*"]);
  assert.throws(() => checkPatterns(["!g*t"], "models"), /models\[0\]/);
});
