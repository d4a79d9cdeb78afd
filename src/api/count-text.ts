/** How many tokens a text is, before a provider has counted it. */

/**
 * By how much a provider's own tokenizer counts more than OpenAI's, as parts of a hundred. Measured on billed answers in 2026;
 * providers without an entry are taken at {@link otherFactor}.
 */
const factors: readonly (readonly [pattern: RegExp, percent: number])[] = [
  [/claude|anthropic/i, 125],
  [/gemini|google/i, 110],
  [/deepseek|mistral|qwen|llama/i, 105],
  [/gpt|openai|azure|^o\d/i, 100],
];
const otherFactor = 110;

/** A tokenizer takes quadratic time over a run without a break, and over one of blanks: longer ones are cut. */
const longestRun = 2000;

export interface TextCount {
  /** As OpenAI's o200k_base counts. */
  readonly counted: number;
  /** With the factor of the model's family. */
  readonly expected: number;
  readonly factorPercent: number;
}

/** The tokenizer is loaded with the first text: it takes 30 MB of memory, and most processes never need it. */
export async function countText(
  text: string,
  { provider, model }: { readonly provider: string; readonly model: string },
): Promise<TextCount> {
  const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
  const plain = { disallowedSpecial: new Set<string>() };
  let counted = 0;
  for (const piece of cutRuns(text)) counted += countTokens(piece, plain);
  const factorPercent = factorOf(provider, model);
  return { counted, expected: Math.ceil((counted * factorPercent) / 100), factorPercent };
}

/** The model decides before the provider, since a reseller serves many families. */
function factorOf(provider: string, model: string): number {
  const match = (name: string): number | undefined => factors.find(([pattern]) => pattern.test(name))?.[1];
  return match(model) ?? match(provider) ?? otherFactor;
}

/** Pieces with at most {@link longestRun} characters in a row without a break, or of blanks, which together are the text. */
export function* cutRuns(text: string): Generator<string> {
  let start = 0;
  for (const run of text.matchAll(new RegExp(`\\S{${longestRun + 1},}|\\s{${longestRun + 1},}`, "g"))) {
    for (let at = run.index; at < run.index + run[0].length; at += longestRun) {
      if (at > start) yield text.slice(start, at);
      start = at;
    }
  }
  if (start < text.length) yield text.slice(start);
}
