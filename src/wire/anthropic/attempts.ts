/** Groups the passes of a message by attempt: if a model declines, another one takes over. */

import { toText, type JsonObject } from "../count/count.ts";

export interface Attempts {
  /** Passes of models that declined. */
  readonly declined: readonly JsonObject[];
  /** Passes of the model that answered, which the top level of the usage counts. */
  readonly served: readonly JsonObject[];
  /** The model that answered in the end; undefined if the first one did. */
  readonly fallbackModel: string | undefined;
}

/**
 * Splits `usage.iterations` where a `fallback_message` begins another attempt. Passes of the
 * compaction and of an advisor belong to no attempt
 * (https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback, read 2026-11).
 */
export function attemptsOf(iterations: readonly JsonObject[]): Attempts {
  const passes = iterations.filter(({ type }) => type === "message" || type === "fallback_message");
  const last = passes.findLastIndex(({ type }) => type === "fallback_message");
  if (last < 0) return { declined: [], served: passes, fallbackModel: undefined };
  return {
    declined: passes.slice(0, last),
    served: passes.slice(last),
    fallbackModel: toText(passes[last]?.["model"]),
  };
}

/**
 * Whether anything was generated. A decline before any output is not billed, and reports 0 output
 * tokens, or the 1 that every output count starts with.
 */
export function hasOutput(outputTokens: number | undefined): boolean {
  return (outputTokens ?? 0) > 1;
}
