/** Prints the lines of a bill. */

import type { ChargeJson } from "../contract/entry.ts";
import { formatUsd, multiply } from "../domain/money/money.ts";
import type { Charge } from "../domain/price/row/rate.ts";

export function chargeJson({ model, meter, quantity, cost, rate }: Charge): ChargeJson {
  return {
    model,
    meter,
    quantity,
    rate_usd_per_million: rate ? formatUsd(multiply(rate.perUnit, 1_000_000)) : null,
    cost_usd: formatUsd(cost),
    rate: rate
      ? {
          provider: rate.provider,
          model: rate.model,
          source: rate.source,
          version: rate.version,
          match: rate.match,
          service_tier: rate.serviceTier,
          region: rate.region ?? null,
          valid_from: rate.validFrom ?? null,
        }
      : null,
  };
}
