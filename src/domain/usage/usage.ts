/** The usage of a call as disjoint counts: no token is counted twice. */

/**
 * The meters that Purser knows: what it counts itself, and what a price list can have.
 *
 * Token meters: `input` is uncached text and everything without its own meter; `output` includes
 * reasoning. The audio and image meters count tokens that a provider prices separately, excluded
 * from `input` and `output`. The others count units with a fee ({@link feeMeters}), and `request`
 * counts calls with a flat fee.
 *
 * Ledger files identify meters by their index in this list: append new ones at the end.
 */
export const fixedMeters = [
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

export type FixedMeter = (typeof fixedMeters)[number];

declare const open: unique symbol;

/** The name of any other countable unit, such as `tool:ocr` or `pages` (`open-meter.ts`). */
export type OpenMeter = string & { readonly [open]: true };

/** What can be counted and charged. */
export type Meter = FixedMeter | OpenMeter;

/** The meters that count tokens; a budget in tokens adds them up. */
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
 * Non-token units billed by a provider. Each provider defines its units: a search action, a query
 * or a grounded prompt (`web_search`), a prompt grounded in maps (`maps_grounding`), a search of
 * stored files, a code container.
 */
export const feeMeters = [
  "web_search",
  "file_search",
  "code_execution",
  "maps_grounding",
] as const satisfies readonly FixedMeter[];

export type FeeMeter = (typeof feeMeters)[number];

/** Whole, non-negative counts, by meter. An absent meter is zero. */
export type Usage = Readonly<Partial<Record<FixedMeter, number>>> &
  Readonly<Record<OpenMeter, number>> & {
    /** For information: the part of `output` that was reasoning. */
    readonly reasoning?: number;
  };

/** A usage that is being counted. */
export type UsageSoFar = { -readonly [meter in keyof Usage]: Usage[meter] };

/**
 * Usage of one model in one pass over its context.
 *
 * A call has several parts if the provider ran several passes (compaction) or a second model
 * (advisor). Each is priced separately, since a long-context rate depends on one pass, not on their
 * sum.
 */
export interface UsagePart {
  /** The model that the provider reports for this part, or null if it reports none. */
  readonly model: string | null;
  readonly usage: Usage;
  /**
   * Not a pass of the answer itself but an advisor or a compaction. The answer's ceiling does not
   * apply.
   */
  readonly isApart?: true;
}

/**
 * Usage apart from the main answer: an advisor, a model that was tried first and declined, or a
 * compaction.
 */
export interface ModelUsage {
  readonly model: string;
  readonly usage: Usage;
}

/**
 * Anomalies of an answer. The call is charged in any case.
 *
 * - `usage_missing` the provider reported none: the charge is estimated from the text that passed
 * - `usage_invalid` a count was negative, not whole or absurdly large and is estimated; or a
 *   reported cost was not a valid amount and is ignored
 * - `usage_repeated` an answer reported usage twice with different values: the last counts
 * - `unfinished` the stream ended without its closing event
 * - `malformed` part of the answer could not be read
 * - `over_context` more input than the model's context size
 * - `over_ceiling` more output than the requested maximum
 * - `aborted` the caller disconnected before the end
 * - `unpriced` the book has no price for the model, or for a meter of the usage: the cost is the
 *   provider's figure, or from a budget's rates, or unknown and counted as zero
 * - `unmetered` the endpoint does not report its cost, and the configuration allows it
 * - `cut` Purser ended the stream because a budget could not pay for more
 * - `unbilled` the provider answered but does not bill: a refusal before any output, or an error
 *   instead of an answer
 * - `unpriced_modifier` the served tier, speed or region has no known rate for this model: the
 *   nearest rate is charged
 * - `provider_error` the answer is, or ends in, a provider error, although its status is 200
 * - `usage_implausible` a count exceeds what the call can have used, or is zero although text
 *   passed: it is capped or estimated
 * - `cost_differs` the charge is the provider's figure, and the computed cost differs
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

/** The total usage of a call, over all models. */
export function totalUsage({
  usage,
  parts,
}: {
  readonly usage: Usage;
  readonly parts?: readonly ModelUsage[];
}): Usage {
  return parts === undefined || parts.length === 0
    ? usage
    : sumUsage([usage, ...parts.map((part) => part.usage)]);
}

/** The total tokens of a usage. */
export function countTokens(usage: Usage): number {
  return countContext(usage) + countOutput(usage);
}

/** The tokens read by the model; they determine a long-context rate. */
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

/** The tokens generated by the model. */
export function countOutput(usage: Usage): number {
  return (usage.output ?? 0) + (usage.output_audio ?? 0) + (usage.output_image ?? 0);
}

/** The counts that are not tokens: calls of tools, requests and other units. */
export function countUnits(usage: Usage): Readonly<Record<string, number>> {
  const isUnit = (name: string): boolean => name !== "reasoning" && !tokenMeters.has(name as Meter);
  return Object.fromEntries(Object.entries(usage).filter(([name]) => isUnit(name)));
}

/** Sums several usages, meter by meter, including `reasoning`. A single usage is returned as is. */
export function sumUsage(usages: readonly Usage[]): Usage {
  const [first, second] = usages;
  if (first && !second) return first;
  const sum: UsageSoFar = {};
  for (const usage of usages) {
    for (const [name, count] of Object.entries(usage)) {
      const meter = name as Meter | "reasoning";
      sum[meter] = (sum[meter] ?? 0) + count;
    }
  }
  return sum;
}
