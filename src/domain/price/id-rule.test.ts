/** Matching of model ids to price rows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { idWithDates, isCloser, matchId, type IdRule } from "./id-rule.ts";

const kind = (rule: IdRule, id: string): string | undefined => matchId(rule, id)?.match;

test("a full id matches exactly, case-insensitively", () => {
  assert.equal(kind({ equals: "gpt-4o" }, "GPT-4o"), "exact");
  assert.equal(kind({ equals: "gpt-4o" }, "gpt-4o-mini"), undefined);
});

test("a date or revision after a known id names the same model", () => {
  const rule = { startsWith: "claude-haiku-4-5" };
  for (const id of [
    "claude-haiku-4-5-20251001",
    "claude-haiku-4-5@20251001",
    "claude-haiku-4-5-2025-10-01",
    "claude-haiku-4-5-latest",
  ]) {
    assert.equal(kind(rule, id), "rule", id);
  }
  assert.equal(kind({ startsWith: "gemini-2.0-flash" }, "gemini-2.0-flash-001"), "rule");
  assert.equal(
    kind({ startsWith: "deepseek/deepseek-r1" }, "deepseek/deepseek-r1-0528:free"),
    "rule",
  );
});

test("the next version of a model only matches the previous one as a prefix", () => {
  assert.equal(kind({ startsWith: "claude-sonnet-5" }, "claude-sonnet-5-5"), "prefix");
  assert.equal(kind({ startsWith: "claude-sonnet-5" }, "claude-sonnet-5.5"), "prefix");
  assert.equal(kind({ startsWith: "gpt-4o" }, "gpt-4o-mini"), "prefix");
  assert.equal(kind({ startsWith: "gpt-4o" }, "gpt-4o-20"), "prefix");
});

test("region and vendor may precede an id that a rule finds anywhere", () => {
  const rule = { contains: "claude-sonnet-4-5" };
  assert.equal(kind(rule, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"), "rule");
  assert.equal(kind(rule, "anthropic/claude-sonnet-4-5"), "rule");
  assert.equal(kind(rule, "my claude-sonnet-4-5"), "prefix");
  assert.equal(kind({ endsWith: "/llama-3" }, "vendor/llama-3"), "prefix");
});

test("a rule that ends within a date matches the rest of it", () => {
  assert.equal(kind({ startsWith: "claude-sonnet-4-2025" }, "claude-sonnet-4-20250514"), "rule");
  assert.equal(kind({ startsWith: "gpt-5-nano-" }, "gpt-5-nano-2025-08-07"), "rule");
  assert.equal(kind({ startsWith: "claude-sonnet-4@" }, "claude-sonnet-4@20250514"), "rule");
  assert.equal(kind({ startsWith: "gpt-5-nano-" }, "gpt-5-nano-xl"), "prefix");
});

test("a compact date is tried with dashes too", () => {
  assert.equal(kind({ equals: "gpt-4o-2024-08-06" }, "gpt-4o-20240806"), "exact");
  assert.equal(kind({ equals: "gpt-4o-2024-13-06" }, "gpt-4o-20241306"), undefined);
});

test("several conditions match together, as closely as the weakest of them", () => {
  const rule = { all: [{ startsWith: "gemini-2.5-pro" }, { regex: /^(?!.*-tts)/ }] };
  assert.equal(kind(rule, "gemini-2.5-pro"), "rule");
  assert.equal(kind(rule, "gemini-2.5-pro-tuned"), "prefix");
  assert.equal(kind(rule, "gemini-2.5-pro-preview-tts"), undefined);
});

test("of several texts the closest match counts, and of two prefixes the longer", () => {
  const any = { any: [{ startsWith: "gpt-5" }, { equals: "gpt-5-codex" }] };
  assert.equal(kind(any, "gpt-5-codex"), "exact");
  assert.ok(isCloser({ match: "rule", length: 0 }, { match: "prefix", length: 9 }));
  assert.ok(isCloser({ match: "prefix", length: 9 }, { match: "prefix", length: 5 }));
  assert.ok(!isCloser({ match: "rule", length: 9 }, { match: "rule", length: 5 }));
});

test("the dated snapshots of an id match, and nothing else", () => {
  const rule = idWithDates("gpt-6.1-sol");
  assert.equal(kind(rule, "gpt-6.1-sol"), "exact");
  assert.equal(kind(rule, "gpt-6.1-sol-2026-09-29"), "rule");
  assert.equal(kind(rule, "gpt-6x1-sol"), undefined);
  assert.equal(kind(rule, "gpt-6.1-sol-pro"), undefined);
});

test("an id longer than any provider's never matches", () => {
  assert.equal(kind({ startsWith: "a" }, "a".repeat(201)), undefined);
});
