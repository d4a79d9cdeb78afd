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
  other: { expectedPercent: 105, boundPercent: 115 },
} as const;

/** @param call.vendor The vendor of the API, as named in the price list. */
export function tokenizerOf({
  vendor,
  model,
}: {
  readonly vendor: string;
  readonly model: string;
}): Tokenizer {
  const isPublic = (vendor === "openai" || vendor === "azure") && openaiModel.test(model);
  if (!isPublic) return { encoding: "o200k_base", isPublic, ...percents[familyOf(vendor, model)] };
  return {
    encoding: olderModel.test(model) ? "cl100k_base" : "o200k_base",
    isPublic,
    expectedPercent: 100,
    boundPercent: 100,
  };
}

/** The model takes precedence over the vendor: a reseller serves many families. */
function familyOf(vendor: string, model: string): keyof typeof percents {
  if (/claude/i.test(model) || vendor === "anthropic") return "anthropic";
  if (/gemini|gemma/i.test(model) || vendor === "google") return "google";
  return "other";
}
