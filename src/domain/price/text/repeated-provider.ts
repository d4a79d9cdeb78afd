/** Finds model ids that begin with the name of their own provider: `openai/gpt-4.1` of OpenAI. */

import { commonName } from "../id/provider-name.ts";

/** Their ids have no slash. Those of others may begin so: `openrouter/auto`, `groq/compound`. */
const plainIds: ReadonlySet<string> = new Set([
  "openai",
  "anthropic",
  "gemini",
  "xai",
  "deepseek",
  "mistral",
  "cohere",
]);

/** @returns The id without the provider; undefined if it does not repeat it. */
export function withoutProvider(provider: string, model: string): string | undefined {
  const name = commonName(provider);
  const repeats = plainIds.has(name) && model.startsWith(`${name}/`);
  return repeats ? model.slice(name.length + 1) : undefined;
}
