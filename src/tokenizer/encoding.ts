/** Counts tokens like OpenAI's tokenizers, in linear time. */

import type { Encoding } from "../domain/estimate/tokenizer.ts";

export type CountTokens = (text: string) => number;

/** A tokenizer takes quadratic time for a run of blanks or without a break: longer ones are split. */
const longestRun = 2000;

const loaders: Readonly<
  Record<
    Encoding,
    () => Promise<{ readonly countTokens: (text: string, options: object) => number }>
  >
> = {
  o200k_base: () => import("gpt-tokenizer/encoding/o200k_base"),
  cl100k_base: () => import("gpt-tokenizer/encoding/cl100k_base"),
};

/** Loads an encoding on first use: each takes 100 ms and about 40 MB of memory. */
export async function loadEncoding(encoding: Encoding): Promise<CountTokens> {
  const { countTokens } = await loaders[encoding]();
  const plain = { disallowedSpecial: new Set<string>() };
  return (text) => {
    let counted = 0;
    for (const piece of cutRuns(text)) counted += countTokens(piece, plain);
    return counted;
  };
}

/**
 * Splits a text into pieces with at most {@link longestRun} characters in a row without a break, or
 * of blanks.
 */
export function* cutRuns(text: string): Generator<string> {
  let start = 0;
  for (const run of text.matchAll(
    new RegExp(`\\S{${longestRun + 1},}|\\s{${longestRun + 1},}`, "g"),
  )) {
    for (let at = run.index; at < run.index + run[0].length; at += longestRun) {
      if (at > start) yield text.slice(start, at);
      start = at;
    }
  }
  if (start < text.length) yield text.slice(start);
}
