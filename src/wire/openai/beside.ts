/** Decides by arithmetic which special counts are included in prompt and completion, and which are reported beside them. */

export interface ToldCounts {
  readonly prompt: number;
  readonly completion: number;
  /** Undefined if it was not reported, or is not a count. */
  readonly total: number | undefined;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  /** The cache was reported under Anthropic's names, whose input leaves it out. */
  readonly leavesCacheOut: boolean;
}

/** What is not inside the prompt or the completion, in tokens. */
export interface Beside {
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  /** Output that only the total includes: thoughts that a gateway left out of the completion. */
  readonly hidden: number;
  /** The reported counts contradict each other. */
  readonly contradictory: boolean;
}

const nothingBeside: Beside = {
  cacheRead: 0,
  cacheWrite: 0,
  reasoning: 0,
  hidden: 0,
  contradictory: false,
};

/**
 * Where the total is what prompt and completion add up to, all else is inside them. Where it is more, what makes up the difference
 * stands beside them, and a difference that nothing makes up is output. Without a total, what does not fit inside is beside.
 */
export function findBeside(told: ToldCounts): Beside {
  const { prompt, completion, total } = told;
  if (total === undefined || total < prompt + completion) return withoutTotal(told);
  const more = total - prompt - completion;
  if (more === 0)
    return told.leavesCacheOut && cacheOf(told) > prompt ? withCache(told) : nothingBeside;
  return (
    waysToStand(told).find((way) => sumOf(way) === more && fitsInside(told, way)) ??
    withHidden(told, more)
  );
}

function withoutTotal(told: ToldCounts): Beside {
  const isCacheTooLarge = cacheOf(told) > told.prompt;
  const isReasoningTooLarge = told.reasoning > told.completion;
  const base = told.leavesCacheOut || isCacheTooLarge ? withCache(told) : nothingBeside;
  return {
    ...base,
    reasoning: isReasoningTooLarge ? told.reasoning : 0,
    contradictory: isReasoningTooLarge || (isCacheTooLarge && !told.leavesCacheOut),
  };
}

/** Those that are met first: xAI's reasoning beside the completion, Anthropic's cache beside the input. */
function waysToStand(told: ToldCounts): readonly Beside[] {
  const { cacheRead, cacheWrite, reasoning } = told;
  const cache = withCache(told);
  const thoughts = { ...nothingBeside, reasoning };
  const both = { ...cache, reasoning };
  const first = told.leavesCacheOut ? [cache, thoughts] : [thoughts, cache];
  const read = { ...nothingBeside, cacheRead };
  const written = { ...nothingBeside, cacheWrite };
  return [...first, both, read, written, { ...read, reasoning }, { ...written, reasoning }];
}

function withHidden(told: ToldCounts, more: number): Beside {
  const cache = cacheOf(told);
  const mustStandBeside = told.leavesCacheOut || cache > told.prompt;
  if (!mustStandBeside || cache > more) return { ...nothingBeside, hidden: more };
  return { ...withCache(told), hidden: more - cache };
}

function withCache({ cacheRead, cacheWrite }: ToldCounts): Beside {
  return { ...nothingBeside, cacheRead, cacheWrite };
}

function fitsInside(told: ToldCounts, way: Beside): boolean {
  const cacheInside = cacheOf(told) - way.cacheRead - way.cacheWrite;
  return cacheInside <= told.prompt && told.reasoning - way.reasoning <= told.completion;
}

function cacheOf({ cacheRead, cacheWrite }: Pick<ToldCounts, "cacheRead" | "cacheWrite">): number {
  return cacheRead + cacheWrite;
}

function sumOf({ cacheRead, cacheWrite, reasoning }: Beside): number {
  return cacheRead + cacheWrite + reasoning;
}
