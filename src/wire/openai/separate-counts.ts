/**
 * Decides by arithmetic which cache and reasoning counts are included in the prompt and completion,
 * and which are reported separately.
 */

export interface ReportedCounts {
  readonly prompt: number;
  readonly completion: number;
  /** Undefined if it was not reported, or is not a count. */
  readonly total: number | undefined;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  /** The cache was reported under Anthropic's names, whose input excludes it. */
  readonly leavesCacheOut: boolean;
}

/** Tokens not included in the prompt or the completion. */
export interface SeparateCounts {
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  /** Output that only the total includes: thoughts that a gateway omitted from the completion. */
  readonly hidden: number;
  /** The reported counts contradict each other. */
  readonly contradictory: boolean;
}

const nothingSeparate: SeparateCounts = {
  cacheRead: 0,
  cacheWrite: 0,
  reasoning: 0,
  hidden: 0,
  contradictory: false,
};

/**
 * If the total equals prompt + completion, all other counts are included in them. If it is more,
 * the counts that make up the difference are separate; a difference that no counts make up is
 * output. Without a total, counts too large to be included are separate.
 */
export function findSeparate(reported: ReportedCounts): SeparateCounts {
  const { prompt, completion, total } = reported;
  if (total === undefined || total < prompt + completion) return withoutTotal(reported);
  const more = total - prompt - completion;
  if (more === 0)
    return reported.leavesCacheOut && cacheOf(reported) > prompt
      ? withCache(reported)
      : nothingSeparate;
  return (
    combinations(reported).find((way) => sumOf(way) === more && fitsInside(reported, way)) ??
    withHidden(reported, more)
  );
}

function withoutTotal(reported: ReportedCounts): SeparateCounts {
  const isCacheTooLarge = cacheOf(reported) > reported.prompt;
  const isReasoningTooLarge = reported.reasoning > reported.completion;
  const base = reported.leavesCacheOut || isCacheTooLarge ? withCache(reported) : nothingSeparate;
  return {
    ...base,
    reasoning: isReasoningTooLarge ? reported.reasoning : 0,
    contradictory: isReasoningTooLarge || (isCacheTooLarge && !reported.leavesCacheOut),
  };
}

/**
 * Common ones first: xAI's reasoning outside the completion, Anthropic's cache outside the input.
 */
function combinations(reported: ReportedCounts): readonly SeparateCounts[] {
  const { cacheRead, cacheWrite, reasoning } = reported;
  const cache = withCache(reported);
  const thoughts = { ...nothingSeparate, reasoning };
  const both = { ...cache, reasoning };
  const first = reported.leavesCacheOut ? [cache, thoughts] : [thoughts, cache];
  const read = { ...nothingSeparate, cacheRead };
  const written = { ...nothingSeparate, cacheWrite };
  return [...first, both, read, written, { ...read, reasoning }, { ...written, reasoning }];
}

function withHidden(reported: ReportedCounts, more: number): SeparateCounts {
  const cache = cacheOf(reported);
  const mustBeSeparate = reported.leavesCacheOut || cache > reported.prompt;
  if (!mustBeSeparate || cache > more) return { ...nothingSeparate, hidden: more };
  return { ...withCache(reported), hidden: more - cache };
}

function withCache({ cacheRead, cacheWrite }: ReportedCounts): SeparateCounts {
  return { ...nothingSeparate, cacheRead, cacheWrite };
}

function fitsInside(reported: ReportedCounts, way: SeparateCounts): boolean {
  const cacheInside = cacheOf(reported) - way.cacheRead - way.cacheWrite;
  return (
    cacheInside <= reported.prompt && reported.reasoning - way.reasoning <= reported.completion
  );
}

function cacheOf({
  cacheRead,
  cacheWrite,
}: Pick<ReportedCounts, "cacheRead" | "cacheWrite">): number {
  return cacheRead + cacheWrite;
}

function sumOf({ cacheRead, cacheWrite, reasoning }: SeparateCounts): number {
  return cacheRead + cacheWrite + reasoning;
}
