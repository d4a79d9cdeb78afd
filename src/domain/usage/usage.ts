/** What a call used, as disjoint counts: no token stands in two of them. */

/**
 * What can be counted and charged.
 *
 * Token meters: `input` is uncached text and everything else that has no meter of its own; `output` has reasoning inside.
 * The audio and image meters hold what a provider prices apart, and are then not in `input` or `output`.
 * The others count units with a fee ({@link feeMeters}), and `request` counts calls with a flat fee.
 *
 * The ledger's files number meters by their place in this list: a new one goes to the end.
 */
export const meters = [
  "input",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "output",
  "input_audio",
  "cache_read_audio",
  "output_audio",
  "input_image",
  "output_image",
  "web_search",
  "file_search",
  "code_execution",
  "request",
  "maps_grounding",
] as const;

export type Meter = (typeof meters)[number];

/** The meters that count tokens, which a budget in tokens adds up. */
export const tokenMeters: ReadonlySet<Meter> = new Set([
  "input",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "output",
  "input_audio",
  "cache_read_audio",
  "output_audio",
  "input_image",
  "output_image",
]);

/**
 * What a provider bills by the unit besides tokens. The unit is the provider's own: a search action, a query or a grounded prompt
 * (`web_search`), a prompt grounded in maps (`maps_grounding`), a search of stored files, a code container.
 */
export const feeMeters = ["web_search", "file_search", "code_execution", "maps_grounding"] as const satisfies readonly Meter[];

export type FeeMeter = (typeof feeMeters)[number];

/** Whole, non-negative counts. An absent meter is zero. */
export type Usage = Readonly<Partial<Record<Meter, number>>> & {
  /** For information: the part of `output` that was reasoning. */
  readonly reasoning?: number;
};

/**
 * Usage of one model in one pass over its context.
 *
 * A call has several parts when the provider ran several passes (compaction) or a second model (advisor):
 * each is priced by itself, since a long-context rate depends on one pass and not on their sum.
 */
export interface UsagePart {
  /** The model that the provider names for this part, or null when it names none. */
  readonly model: string | null;
  readonly usage: Usage;
  /** Not a pass of the answer itself, whatever its model: an advisor's, or a compaction. The answer's ceiling is not for it. */
  readonly isApart?: true;
}

/** What was used in a call besides the main answer: by an advisor, a model that was asked first and declined, or a compaction. */
export interface ModelUsage {
  readonly model: string;
  readonly usage: Usage;
}

/**
 * What was odd about an answer. None of them loses a charge.
 *
 * - `usage_missing` the provider reported none: the charge is estimated from what passed
 * - `usage_invalid` a count was negative, not whole or absurdly large: that count is estimated; or a reported cost was no such amount, and is left out
 * - `usage_repeated` an answer that should report once reported twice, differently: the last counts
 * - `unfinished` the stream ended without its closing event
 * - `malformed` part of the answer could not be read
 * - `over_context` more input than the model can take
 * - `over_ceiling` more output than was asked for at most
 * - `aborted` the caller left before the end
 * - `unpriced` the book has no price: the cost is the provider's own figure, or by a budget's stated rates, or not known and counted as nothing
 * - `unmetered` the endpoint does not tell what it costs, and the configuration lets it pass
 * - `cut` Purser ended the stream because no budget paid for more
 * - `unbilled` the provider answered and does not bill it: a refusal before any output, an error in place of an answer
 * - `unpriced_modifier` the tier, speed or region that was served has no known rate for this model: the charge is at the nearest one
 * - `provider_error` the answer is, or ends in, an error of the provider's, although its status is 200
 * - `usage_implausible` a count is more than the call can have used, or nothing for what passed: it is charged at a bound or estimated
 * - `cost_differs` the provider's own figure is the charge, and ours is another
 */
export type UsageFlag =
  | "usage_missing"
  | "usage_invalid"
  | "usage_repeated"
  | "unfinished"
  | "malformed"
  | "over_context"
  | "over_ceiling"
  | "aborted"
  | "unpriced"
  | "unmetered"
  | "cut"
  | "unbilled"
  | "unpriced_modifier"
  | "provider_error"
  | "usage_implausible"
  | "cost_differs";

/** All that a call used, whichever model did. */
export function totalUsage({ usage, parts }: { readonly usage: Usage; readonly parts?: readonly ModelUsage[] }): Usage {
  return parts === undefined || parts.length === 0 ? usage : sumUsage([usage, ...parts.map((part) => part.usage)]);
}

/** All tokens of a usage, whatever they cost. */
export function countTokens(usage: Usage): number {
  return countContext(usage) + (usage.output ?? 0) + (usage.output_audio ?? 0) + (usage.output_image ?? 0);
}

/** The tokens the model read: what decides a long-context rate. */
export function countContext(usage: Usage): number {
  return (
    (usage.input ?? 0) +
    (usage.cache_read ?? 0) +
    (usage.cache_write_5m ?? 0) +
    (usage.cache_write_1h ?? 0) +
    (usage.input_audio ?? 0) +
    (usage.cache_read_audio ?? 0) +
    (usage.input_image ?? 0)
  );
}

/** The sum of several usages, meter by meter; `reasoning` too. The only usage is its own sum. */
export function sumUsage(usages: readonly Usage[]): Usage {
  const [first, second] = usages;
  if (first && !second) return first;
  const sum: { [meter in Meter | "reasoning"]?: number } = {};
  for (const usage of usages) {
    for (const [meter, count] of Object.entries(usage)) {
      const key = meter as Meter | "reasoning";
      sum[key] = (sum[key] ?? 0) + count;
    }
  }
  return sum;
}
