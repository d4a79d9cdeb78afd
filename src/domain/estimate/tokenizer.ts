/**
 * Picks the tokenizer of a model, or the bounds on its token count if the tokenizer is not public.
 */

export type Encoding = "o200k_base" | "cl100k_base";

export interface Tokenizer {
  readonly encoding: Encoding;
  /**
   * Whether the provider counts with exactly this encoding. If not, counts are scaled to an
   * expectation and a bound per character class.
   */
  readonly isPublic: boolean;
  /** The model's expected count for prose, as a percentage of this encoding. */
  readonly expectedPercent: number;
  /** Its maximum count for ASCII text without digits, which have their own bound. */
  readonly boundPercent: number;
}

/**
 * Names of OpenAI's own models. A deployment may have another name, or serve another vendor's
 * model.
 */
const openaiModel =
  /^(?:ft:)?(?:gpt-|chatgpt-|o\d|codex-|text-embedding-|davinci-|babbage-|computer-use-)/;
/** Models before GPT-4o (https://github.com/openai/tiktoken, model.py, read 2026-11). */
const olderModel = /^(?:ft:)?(?:gpt-3\.5|gpt-4(?!o|\.|-search)|text-embedding-|davinci-|babbage-)/;

/**
 * Billed tokens for prose, relative to o200k_base: 1.16 to 1.28 for Claude, 1.07 for Gemini, at
 * most 1.05 for others (measured on billed answers in 2026). Newer Claude models are documented to
 * count up to 1.35 times as many tokens as older ones. The bounds leave room for that, and for code
 * and markup.
 */
const percents = {
  anthropic: { expectedPercent: 125, boundPercent: 150 },
  google: { expectedPercent: 110, boundPercent: 120 },
  openai: { expectedPercent: 105, boundPercent: 115 },
  other: { expectedPercent: 105, boundPercent: 115 },
} as const;

/** The vendor whose tokenizers a provider's API counts with; `other` if unknown or several. */
export type TokenizerFamily = keyof typeof percents;

/** @param call.family Of the provider. */
export function tokenizerOf({
  family,
  model,
}: {
  readonly family: TokenizerFamily;
  readonly model: string;
}): Tokenizer {
  const isPublic = family === "openai" && openaiModel.test(model);
  if (!isPublic) return { encoding: "o200k_base", isPublic, ...percents[familyOf(family, model)] };
  return {
    encoding: olderModel.test(model) ? "cl100k_base" : "o200k_base",
    isPublic,
    expectedPercent: 100,
    boundPercent: 100,
  };
}

/** The model takes precedence over the provider: a reseller serves many families. */
function familyOf(family: TokenizerFamily, model: string): TokenizerFamily {
  if (/claude/i.test(model)) return "anthropic";
  if (family !== "anthropic" && /gemini|gemma/i.test(model)) return "google";
  return family;
}
