/** Matching of model ids to the names of a price row. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isCloser, matchId, matchPrefix, type IdRule } from "./id-rule.ts";

const kind = (rule: IdRule, id: string): string | undefined => matchId(rule, id)?.match;

test("a full id matches exactly, case-insensitively", () => {
  assert.equal(kind({ equals: "gpt-4o" }, "GPT-4o"), "exact");
  assert.equal(kind({ equals: "gpt-4o" }, "gpt-4o-mini"), undefined);
});

test("a name of a list, or an id that begins with it, is that of the row", () => {
  const rule = { startsWith: "claude-haiku-4-5" };
  assert.equal(kind(rule, "claude-haiku-4-5"), "alias");
  assert.equal(kind(rule, "claude-haiku-4-5-latest"), "alias");
  for (const id of [
    "claude-haiku-4-5-20251001",
    "claude-haiku-4-5@20251001",
    "claude-haiku-4-5-2025-10-01",
  ])
    assert.equal(kind(rule, id), "snapshot", id);
  assert.equal(kind(rule, "claude-haiku-4-5-preview"), "prefix");
  assert.equal(kind(rule, "claude-haiku-4-5-6"), undefined);
  assert.equal(kind(rule, "claude-haiku-4-5-mini"), undefined);
});

test("a preview of a model whose price is stated for exactly one id has no price", () => {
  assert.equal(kind({ equals: "gemini-3-pro" }, "gemini-3-pro-preview"), undefined);
});

test("region and vendor may precede an id that a rule finds anywhere", () => {
  const rule = { contains: "claude-sonnet-4-5" };
  assert.equal(kind(rule, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"), "snapshot");
  assert.equal(kind(rule, "anthropic/claude-sonnet-4-5"), "alias");
  assert.equal(kind(rule, "my claude-sonnet-4-5"), undefined);
  assert.equal(kind({ endsWith: "/llama-3" }, "vendor/llama-3"), undefined);
});

test("a name that ends within a date is completed by the rest of it only", () => {
  assert.equal(
    kind({ startsWith: "claude-sonnet-4-2025" }, "claude-sonnet-4-20250514"),
    "snapshot",
  );
  assert.equal(kind({ startsWith: "gpt-5-nano-" }, "gpt-5-nano-2025-08-07"), "snapshot");
  assert.equal(kind({ startsWith: "claude-sonnet-4@" }, "claude-sonnet-4@20250514"), "snapshot");
  assert.equal(kind({ startsWith: "gpt-5-nano-" }, "gpt-5-nano-xl"), undefined);
});

test("several conditions match together, as loosely as the loosest of them", () => {
  const rule = { all: [{ startsWith: "gemini-2.5-pro" }, { regex: /^(?!.*-tts)/ }] };
  assert.equal(kind(rule, "gemini-2.5-pro"), "alias");
  assert.equal(kind(rule, "gemini-2.5-pro-preview"), "prefix");
  assert.equal(kind(rule, "gemini-2.5-pro-preview-tts"), undefined);
});

test("of several names the closest match counts, and of two stated prefixes the longer", () => {
  const any = { any: [{ startsWith: "gpt-5" }, { equals: "gpt-5-codex" }] };
  assert.equal(kind(any, "gpt-5-codex"), "exact");
  const [long, short] = [matchPrefix("gpt-5-", "gpt-5-x"), matchPrefix("gpt", "gpt-5-x")];
  assert.ok(long && short && isCloser(long, short) && !isCloser(short, long));
  const preview = matchId({ startsWith: "gpt-5" }, "gpt-5-preview");
  assert.ok(preview && isCloser(preview, long));
});

test("a user's prefix matches whatever begins with it", () => {
  assert.equal(matchPrefix("My-", "my-model")?.match, "prefix");
  assert.equal(matchPrefix("my-", "your-model"), undefined);
});

test("an id longer than any provider's never matches", () => {
  assert.equal(kind({ startsWith: "a" }, "a".repeat(201)), undefined);
});
