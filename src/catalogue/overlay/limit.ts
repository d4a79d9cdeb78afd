/** The most output tokens that models give, from their vendors' model pages. The price list has context windows only. */

/** By the beginning of a model's name, the longest that fits; dots in versions are written as dashes. */
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

/** @param model With or without a vendor before it: `claude-opus-4-1`, `anthropic/claude-opus-4.1`. */
export function maxOutputTokensOf(model: string): number | undefined {
  const name = model
    .toLowerCase()
    .replace(/^.*[/]/, "")
    .replace(/^(?:[a-z]+\.)+/, "")
    .replaceAll(".", "-");
  const known = byLength.find((start) => name === start || name.startsWith(`${start}-`));
  return known === undefined ? undefined : mostOutput[known];
}
