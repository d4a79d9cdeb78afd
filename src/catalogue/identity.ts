/** Facts about vendors that decide how their calls are estimated, routed and charged. */

import type { TokenizerFamily } from "../domain/estimate/tokenizer.ts";
import type { LeastUnits } from "../domain/usage/billed-unit.ts";
import { openMeter } from "../domain/usage/open-meter.ts";

/** A configured provider, as needed by a price book. */
export interface BookedProvider {
  /** The catalogue's id. */
  readonly id: string;
  /**
   * The region in which its calls must be processed; null if the provider decides; absent: the
   * default of the provider.
   */
  readonly region?: string | null;
  /** The model behind each name that a user chose for a deployment. */
  readonly deployments?: Readonly<Record<string, string>>;
}

/** Facts about a vendor, whatever a configuration calls it. */
export interface VendorFacts {
  /** Whose tokenizer it counts with, unless a model's name says otherwise. */
  readonly tokenizer: TokenizerFamily;
  /** Whether it resells other vendors' models: a model's own vendor is preferred. */
  readonly isReseller: boolean;
  /**
   * Whether it documents the cost in its answers as the amount billed. If not, that may be an
   * estimate, or credits.
   */
  readonly reportsBilledCost: boolean;
  /** The fewest units that it bills for a call, by their general meter. */
  readonly leastUnits: LeastUnits;
}

/** Who a configured provider is. */
export interface ProviderIdentity extends BookedProvider, VendorFacts {
  /** The path after the base URL that checks the key; null: the format's list of models. */
  readonly keyCheckPath: string | null;
}

const unknown: VendorFacts = {
  tokenizer: "other",
  isReseller: false,
  reportsBilledCost: false,
  leastUnits: {},
};

/**
 * By catalogue id, according to each vendor's documentation, read 2026-11.
 *
 * - xAI: `cost_in_usd_ticks` is "the actual amount billed", discounts and tools included
 *   (https://docs.x.ai/developers/cost-tracking)
 * - OpenRouter: `cost` is "the total amount charged to your account"
 *   (https://openrouter.ai/docs/use-cases/usage-accounting)
 * - Groq: at least ten seconds are billed for a recording (https://groq.com/pricing)
 */
const facts: ReadonlyMap<string, Partial<VendorFacts>> = new Map([
  ["openai", { tokenizer: "openai" }],
  ["azure", { tokenizer: "openai" }],
  ["anthropic", { tokenizer: "anthropic" }],
  ["google", { tokenizer: "google" }],
  ["x-ai", { reportsBilledCost: true }],
  ["groq", { leastUnits: { [openMeter("audio_seconds")]: 10 } }],
  ["openrouter", { isReseller: true, reportsBilledCost: true }],
]);

/** @param id The catalogue's. */
export function factsOf(id: string): VendorFacts {
  return { ...unknown, ...facts.get(id) };
}
