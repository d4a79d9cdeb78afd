/** Charges the amount held for a call whose end is unknown. */

import type { Outcome, Quantities } from "../../domain/ledger/entry.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";

/**
 * The outcome of a call that may have reached the provider but returned nothing: the amount held is
 * charged.
 */
export function unresolvedOutcome(
  priceVersion: string,
  call: {
    readonly model: string;
    readonly held: Quantities;
    readonly latencyMs: number;
    readonly flags: readonly UsageFlag[];
  },
): Outcome {
  const { model, held } = call;
  return {
    status: "unresolved",
    model,
    usage: {},
    charges: [{ model, meter: "hold", quantity: 1, cost: held.usd }],
    cost: held,
    reportedCost: null,
    rawUsage: null,
    flags: [...call.flags, "usage_missing"],
    latencyMs: call.latencyMs,
    priceVersion,
  };
}
