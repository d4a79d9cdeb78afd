/** Reads the rows of a usage batch: each is valid or not by itself. */

import type { z } from "zod";
import { providerOfModel, type KnownProviders } from "../app/ingest/provider-of-model.ts";
import type { RowToRecord } from "../app/ingest/usage-batch.ts";
import { usageEndpoint, type UsageRow } from "../app/ingest/usage-row.ts";
import { simulator } from "../app/route/simulated.ts";
import type { CostReport } from "../app/desk/settle.ts";
import { tokenUsageSchema, usageRowSchema } from "../contract/usage.ts";
import type { Attribution } from "../domain/attribution/attribution.ts";
import { PurserError } from "../domain/error.ts";
import { parseInstant } from "../domain/input/scalar.ts";
import type { ModelName } from "../domain/price/served.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { readUsd } from "./amount.ts";
import type { ApiContext } from "./context.ts";
import { check } from "./validate.ts";

/** Reads rows, or says why one cannot be read. */
export function readRows(context: ApiContext, rows: readonly unknown[]): readonly RowToRecord[] {
  const known = knownProviders(context);
  return rows.map((row) => {
    try {
      return isTokenUsage(row) ? readTokenUsage(known, row) : readUsageRow(row);
    } catch (error) {
      if (error instanceof PurserError && error.code === "invalid_request") return error;
      throw error;
    }
  });
}

/** The fields that only a `TokenUsage` has. */
const tokenUsageFields = ["model_id", "prompt_tokens", "completion_tokens"] as const;

function isTokenUsage(row: unknown): boolean {
  return typeof row === "object" && row !== null && tokenUsageFields.some((name) => name in row);
}

function readUsageRow(input: unknown): UsageRow {
  const row = check(usageRowSchema, input);
  const { model, requested_model: requested = model } = row;
  return {
    id: idOf(row),
    at: timeOf(row),
    provider: row.provider,
    model: requested,
    endpoint: row.endpoint ?? usageEndpoint,
    report: reportOf(row, requested === model ? null : model),
    status: row.status ?? "settled",
    // A value read from JSON has no fields that are undefined.
    attribution: (row.attribution ?? {}) as Attribution,
    latencyMs: row.latency_ms ?? null,
  };
}

function idOf({
  id,
  operation_id = id,
}: {
  id?: string | undefined;
  operation_id?: string | undefined;
}): string | null {
  if (id !== undefined && id !== operation_id)
    throw new PurserError("invalid_request", "id differs from operation_id", {
      field: "id",
      remedy: "Give one of them.",
    });
  return operation_id ?? null;
}

function timeOf({ timestamp }: { timestamp?: string | undefined }): number | null {
  return timestamp === undefined ? null : parseInstant(timestamp, "timestamp");
}

function reportOf(row: z.output<typeof usageRowSchema>, served: string | null): CostReport {
  const { usage, amount_usd, reported_cost_usd, service_tier, region } = row;
  if (amount_usd !== undefined && usage === undefined)
    return { kind: "amount", amount: readUsd(amount_usd, "amount_usd") };
  if (usage === undefined || amount_usd !== undefined)
    throw new PurserError("invalid_request", "give either usage or amount_usd", {
      field: "usage",
      remedy: "Give one of usage and amount_usd.",
    });
  return {
    kind: "usage",
    usage: usage as Usage,
    serviceTier: service_tier ?? "standard",
    ...(region !== undefined && { region: region.toLowerCase() }),
    model: served,
    reportedCost:
      reported_cost_usd === undefined ? null : readUsd(reported_cost_usd, "reported_cost_usd"),
  };
}

function readTokenUsage(known: KnownProviders, input: unknown): UsageRow {
  const row = check(tokenUsageSchema, input);
  const { agent_id: agent, capability_type: capability } = row;
  return {
    id: row.operation_id ?? null,
    at: timeOf(row),
    ...modelOf(known, row),
    endpoint: usageEndpoint,
    report: {
      kind: "usage",
      usage: countsOf(row),
      serviceTier: "standard",
      model: null,
      reportedCost: null,
    },
    status: "settled",
    attribution: {
      ...(agent !== undefined && { agent }),
      ...(capability !== undefined && { capability }),
    },
    latencyMs: null,
  };
}

function modelOf(
  known: KnownProviders,
  { provider, model_id: model }: z.output<typeof tokenUsageSchema>,
): ModelName {
  return provider === undefined ? providerOfModel(known, model) : { provider, model };
}

function countsOf(row: z.output<typeof tokenUsageSchema>): Usage {
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = row;
  if (total !== undefined && total !== input + output)
    throw new PurserError(
      "invalid_request",
      `total_tokens is ${total}, but prompt_tokens and completion_tokens add up to ${input + output}`,
      { field: "total_tokens", remedy: "Correct the counts, or leave total_tokens out." },
    );
  return { input, output };
}

export function knownProviders(context: ApiContext): KnownProviders {
  const names = context.status().providers.map(({ name }) => name);
  const real = names.filter((name) => name !== simulator);
  let listed: readonly ModelName[] | undefined;
  return {
    configured: real.length > 0 ? real : names,
    listed: () => (listed ??= context.catalogue?.() ?? []),
    book: context.prices(),
    at: context.clock.now(),
  };
}
