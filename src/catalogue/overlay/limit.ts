/**
 * Model limits from vendors' model pages: maximum output tokens, and context windows too small in
 * the price list.
 */

import type { CatalogueRow } from "../../domain/price/row.ts";

/** By prefix of the model name, longest match first; dots in versions are written as dashes. */
const mostOutput: Readonly<Record<string, number>> = {
  "gpt-3-5-turbo": 4_096,
  "gpt-4": 8_192,
  "gpt-4-turbo": 4_096,
  "gpt-4-1": 32_768,
  "gpt-4-5": 16_384,
  "gpt-4o": 16_384,
  "gpt-4o-2024-05-13": 4_096,
  "chatgpt-4o": 16_384,
  "gpt-5": 128_000,
  "gpt-5-pro": 272_000,
  "gpt-6": 128_000,
  "gpt-oss": 131_072,
  "codex-mini": 100_000,
  o1: 100_000,
  "o1-mini": 65_536,
  "o1-preview": 32_768,
  o3: 100_000,
  "o4-mini": 100_000,
  "claude-2": 4_096,
  "claude-3": 4_096,
  "claude-3-5": 8_192,
  "claude-3-7": 128_000,
  "claude-haiku-4-5": 64_000,
  "claude-opus-4": 32_000,
  "claude-opus-4-5": 64_000,
  "claude-opus-4-6": 128_000,
  "claude-opus-4-7": 128_000,
  "claude-opus-4-8": 128_000,
  "claude-opus-5": 128_000,
  "claude-sonnet-4": 64_000,
  "claude-sonnet-5": 128_000,
  "claude-haiku-5": 128_000,
  "claude-fable": 128_000,
  "gemini-1": 8_192,
  "gemini-2-0": 8_192,
  "gemini-2-5": 65_536,
  "gemini-3": 65_536,
  "deepseek-chat": 8_192,
  "deepseek-reasoner": 65_536,
  "deepseek-v4": 393_216,
};

const byLength = Object.keys(mostOutput).sort((left, right) => right.length - left.length);

/** @param model With or without a vendor prefix: `claude-opus-4-1`, `anthropic/claude-opus-4.1`. */
export function maxOutputTokensOf(model: string): number | undefined {
  const name = model
    .toLowerCase()
    .replace(/^.*[/]/, "")
    .replace(/^(?:[a-z]+\.)+/, "")
    .replaceAll(".", "-");
  const known = byLength.find((start) => name === start || name.startsWith(`${start}-`));
  return known === undefined ? undefined : mostOutput[known];
}

/**
 * The context window of a row, if known. A row that prices contexts larger than its window is for a
 * model that accepts more: Claude Sonnet 4 and 4.5 accept a million tokens with a beta header, at
 * the rates above 200,000 (https://platform.claude.com/docs/en/build-with-claude/context-windows,
 * read 2026-11).
 */
export function contextWindowOf({ contextWindow, contextTiers }: CatalogueRow): number | undefined {
  const last = contextTiers?.at(-1);
  return contextWindow !== undefined && last !== undefined && last.tokens >= contextWindow
    ? longWindow
    : contextWindow;
}

const longWindow = 1_000_000;
