/** Builds the steps of a stream. */

import type { Plan, Step } from "../call.ts";
import type { Content } from "./content.ts";

/** Sent at once and not billed. */
export function frame(text: string): Step {
  return { text, kind: "frame", output: 0, reasoning: 0 };
}

/** The event that marks a complete stream. */
export function closing(text: string): Step {
  return { text, kind: "close", output: 0, reasoning: 0 };
}

/** Tokens that the provider bills but does not show. */
export function unseen(tokens: number): Step {
  return { text: "", kind: "token", output: tokens, reasoning: tokens };
}

export interface Said {
  readonly plan: Plan;
  readonly content: Content;
  /** Whether these tokens count as reasoning. */
  readonly reasoning: boolean;
}

/**
 * The content in chunks of `tokensPerChunk`, extended if a chunk would end within a character, as
 * providers do.
 *
 * @param print Formats an event from a text, given as a JSON string, and the number of tokens up to
 *   its end.
 */
export function* tokenSteps(
  { plan, content, reasoning }: Said,
  print: (text: string, to: number) => string,
): Generator<Step> {
  for (let from = 0; from < content.tokens;) {
    const least = Math.min(content.tokens, from + plan.tokensPerChunk);
    const to = content.boundary?.(least) ?? least;
    const text = print(JSON.stringify(content.slice(from, to)), to);
    yield { text, kind: "token", output: to - from, reasoning: reasoning ? to - from : 0 };
    from = to;
  }
}
