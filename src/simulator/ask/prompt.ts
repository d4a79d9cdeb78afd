/** Reads inputs that are texts or lists of token ids. */

export interface Prompt {
  readonly text: string;
  /** By the simulator's rule for texts; the number of ids for token ids. */
  readonly tokens: number;
}

/** @returns Null for anything else, and for an empty list. */
export function promptsOf(input: unknown): readonly Prompt[] | null {
  if (typeof input === "string")
    return [{ text: input, tokens: Math.max(1, Math.ceil(Buffer.byteLength(input) / 4)) }];
  if (!Array.isArray(input) || input.length === 0) return null;
  if (input.every((item) => typeof item === "number"))
    return [{ text: input.join(" "), tokens: input.length }];
  const prompts = input.map(promptsOf);
  return prompts.includes(null) ? null : prompts.flatMap((prompt) => prompt ?? []);
}
