/** Which tokenizer a model counts with, as far as that is public, and what bounds the count where it is not. */

export type Encoding = "o200k_base" | "cl100k_base";

export interface Tokenizer {
  readonly encoding: Encoding;
  /** Whether the provider counts just so. Otherwise a count is raised to a bound, by class of characters. */
  readonly isPublic: boolean;
  /** The most that the model counts for ASCII text, in percent of this encoding; digits are bounded apart. */
  readonly percent: number;
}

/** Names of OpenAI's own models: a deployment may be named otherwise, and serve another vendor's model. */
const openaiModel = /^(?:ft:)?(?:gpt-|chatgpt-|o\d|codex-|text-embedding-|davinci-|babbage-|computer-use-)/;
/** Models before GPT-4o (https://github.com/openai/tiktoken, model.py, read 2026-11). */
const olderModel = /^(?:ft:)?(?:gpt-3\.5|gpt-4(?!o|\.|-search)|text-embedding-|davinci-|babbage-)/;

/**
 * Billed tokens of prose were 1.16 to 1.28 times what o200k_base counts with Claude, 1.07 with Gemini, 1.05 at most with others;
 * newer Claude models state up to 1.35 times more than older ones. The bounds leave room for code and markup.
 */
const boundPercent = { anthropic: 175, google: 130, other: 125 } as const;

/** @param call.vendor Whose API it is, as the price list calls it. */
export function tokenizerOf({ vendor, model }: { readonly vendor: string; readonly model: string }): Tokenizer {
  const isPublic = (vendor === "openai" || vendor === "azure") && openaiModel.test(model);
  if (isPublic) return { encoding: olderModel.test(model) ? "cl100k_base" : "o200k_base", isPublic, percent: 100 };
  return { encoding: "o200k_base", isPublic, percent: percentOf(vendor, model) };
}

/** The model decides before the vendor: a reseller serves many families. */
function percentOf(vendor: string, model: string): number {
  if (/claude/i.test(model) || vendor === "anthropic") return boundPercent.anthropic;
  if (/gemini|gemma/i.test(model) || vendor === "google") return boundPercent.google;
  return boundPercent.other;
}
