/** Which tokenizer a model counts with, as far as that is public, and what bounds the count where it is not. */

export type Encoding = "o200k_base" | "cl100k_base";

export interface Tokenizer {
  readonly encoding: Encoding;
  /** Whether the provider counts with exactly this encoding. If not, a count is raised to an expectation, and to a bound for each class of characters. */
  readonly isPublic: boolean;
  /** What the model counts for prose, in percent of this encoding. */
  readonly expectedPercent: number;
  /** The most that it counts for ASCII text without digits, which have a bound of their own. */
  readonly boundPercent: number;
}

/** Names of OpenAI's own models: a deployment may be named otherwise, and serve another vendor's model. */
const openaiModel = /^(?:ft:)?(?:gpt-|chatgpt-|o\d|codex-|text-embedding-|davinci-|babbage-|computer-use-)/;
/** Models before GPT-4o (https://github.com/openai/tiktoken, model.py, read 2026-11). */
const olderModel = /^(?:ft:)?(?:gpt-3\.5|gpt-4(?!o|\.|-search)|text-embedding-|davinci-|babbage-)/;

/**
 * Billed tokens of prose were 1.16 to 1.28 times what o200k_base counts with Claude, 1.07 with Gemini and 1.05 at most with others,
 * measured on billed answers in 2026. Newer Claude models are stated to count up to 1.35 times what older ones do. The bounds leave
 * room for that, and for code and markup.
 */
const percents = {
  anthropic: { expectedPercent: 125, boundPercent: 150 },
  google: { expectedPercent: 110, boundPercent: 120 },
  other: { expectedPercent: 105, boundPercent: 115 },
} as const;

/** @param call.vendor Whose API it is, as the price list calls it. */
export function tokenizerOf({ vendor, model }: { readonly vendor: string; readonly model: string }): Tokenizer {
  const isPublic = (vendor === "openai" || vendor === "azure") && openaiModel.test(model);
  if (!isPublic) return { encoding: "o200k_base", isPublic, ...percents[familyOf(vendor, model)] };
  return { encoding: olderModel.test(model) ? "cl100k_base" : "o200k_base", isPublic, expectedPercent: 100, boundPercent: 100 };
}

/** The model decides before the vendor: a reseller serves many families. */
function familyOf(vendor: string, model: string): keyof typeof percents {
  if (/claude/i.test(model) || vendor === "anthropic") return "anthropic";
  if (/gemini|gemma/i.test(model) || vendor === "google") return "google";
  return "other";
}
