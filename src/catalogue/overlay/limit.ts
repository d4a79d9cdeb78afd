/**
 * Model limits from vendors' model pages: maximum output tokens, and context windows too small in
 * the price list.
 */

/** By prefix of the model name, longest match first; dots in versions are written as dashes. */
const mostOutput: Readonly<Record<string, number>> = {
  "gpt-3-5-turbo": 4_096,
  "gpt-4": 8_192,
  "gpt-4-turbo": 4_096,
  "gpt-4-1": 32_768,
  "gpt-4-5": 16_384,
  "gpt-4o": 16_384,
  "gpt-4o-2024-05-13": 4_096,
  "gpt-4o-transcribe": 2_000,
  "gpt-4o-mini-transcribe": 2_000,
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

/** @param model With or without a vendor prefix: `claude-opus-4-1`, `anthropic/claude-opus-4.1`. */
export function maxOutputTokensOf(model: string): number | undefined {
  const name = model
    .toLowerCase()
    .replace(/^.*[/]/, "")
    .replace(/^(?:[a-z]+\.)+/, "")
    .replaceAll(".", "-");
  for (let start = name; start !== ""; start = start.slice(0, Math.max(0, start.lastIndexOf("-"))))
    if (Object.hasOwn(mostOutput, start)) return mostOutput[start];
  return undefined;
}

/**
 * The context window of a row, if known. A row that prices contexts larger than its window is for a
 * model that accepts more: Claude Sonnet 4 and 4.5 accept a million tokens with a beta header, at
 * the rates above 200,000 (https://platform.claude.com/docs/en/build-with-claude/context-windows,
 * read 2026-11).
 *
 * @param largestPriced The tokens from which the row's last context tier applies.
 */
export function contextWindowOf(
  contextWindow: number | undefined,
  largestPriced: number | undefined,
): number | undefined {
  return contextWindow !== undefined &&
    largestPriced !== undefined &&
    largestPriced >= contextWindow
    ? longWindow
    : contextWindow;
}

const longWindow = 1_000_000;
