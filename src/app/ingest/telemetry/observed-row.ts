/** Makes the row of usage of an observed call. */

import type { Attribution } from "../../../domain/attribution/attribution.ts";
import { PurserError } from "../../../domain/error.ts";
import type { CostReport } from "../../desk/settle.ts";
import type { ObservedCall } from "../../port/telemetry.ts";
import { providerOfModel, type KnownProviders } from "../provider-of-model.ts";
import type { UsageRow } from "../usage-row.ts";

/** @throws PurserError `invalid_request` if the provider is unknown. */
export function rowOfCall(
  known: KnownProviders,
  call: ObservedCall,
  attribution: Attribution,
): UsageRow {
  const { id, at, endpoint, requestedModel, flags, latencyMs } = call;
  return {
    id,
    at,
    provider: providerOf(known, call),
    model: requestedModel,
    endpoint,
    report: reportOf(call),
    status: "settled",
    attribution,
    latencyMs,
    ...(flags.length > 0 && { flags }),
  };
}

function reportOf({ usage, reportedCost, servedModel, serviceTier }: ObservedCall): CostReport {
  const isCounted = usage !== null && Object.values(usage).some((count) => count > 0);
  return reportedCost !== null && !isCounted
    ? { kind: "amount", amount: reportedCost }
    : { kind: "usage", usage: usage ?? {}, serviceTier, model: servedModel, reportedCost };
}

/** A provider that is not stated is the only one that has the model. */
function providerOf(known: KnownProviders, call: ObservedCall): string {
  const { provider, servedModel, requestedModel } = call;
  if (provider !== null) return provider;
  const model = servedModel ?? requestedModel;
  try {
    return providerOfModel(known, model).provider;
  } catch (cause) {
    if (!(cause instanceof PurserError)) throw cause;
    throw new PurserError("invalid_request", `gen_ai.provider.name is missing for "${model}"`, {
      field: "gen_ai.provider.name",
      remedy: "Set it to the provider's name.",
      cause,
    });
  }
}
