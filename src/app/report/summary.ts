/** Builds the cost summary: spend by provider and operation, and the average cost of a call. */

import { unattributed } from "../../domain/attribution/attribution.ts";
import { divide, pico, zero, type PicoUsd } from "../../domain/money/money.ts";
import { costBySide } from "../../domain/price/cost-by-side.ts";
import {
  countContext,
  countOutput,
  countUnits,
  totalUsage,
  type Usage,
} from "../../domain/usage/usage.ts";
import { mapInTurns, turns } from "../../domain/turns.ts";
import type { CallFilter, CallRow, Figures, LedgerReader, Totals } from "../port/reader.ts";
import { Adding } from "./adding.ts";
import { callCost, ratio } from "./metric.ts";

/**
 * Sums of charged calls and charges, and averages of calls alone. Averages of amounts are to the
 * nearest pico-USD.
 */
export interface CallSums {
  /** Of models. */
  readonly calls: number;
  readonly charges: number;
  /** Of calls and charges. */
  readonly cost: PicoUsd;
  readonly chargeCost: PicoUsd;
  /** Per call; 0 if there are none. */
  readonly averageCost: PicoUsd;
  /** Including cached tokens. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Per call whose latency is known; 0 if there are none. */
  readonly averageLatencyMs: number;
}

export interface ProviderSums extends CallSums {
  readonly byOperation: ReadonlyMap<string, CallSums>;
}

export interface Summary {
  readonly total: CallSums;
  /** Of the cost of calls; 0 if there are no tokens. */
  readonly costPer1000Tokens: PicoUsd;
  readonly byProvider: ReadonlyMap<string, ProviderSums>;
  /** By the operation that the caller named, or else by endpoint. */
  readonly byOperation: ReadonlyMap<string, CallSums>;
  /** Counts that are not tokens, by meter: calls of tools, and other units. */
  readonly units: Readonly<Record<string, number>>;
  /** The newest calls. */
  readonly calls: readonly CallSummary[];
}

export interface CallSummary {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly provider: string;
  readonly model: string;
  readonly operation: string;
  /** Including cached tokens. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Tool fees and a provider's lump sum are in neither this nor `outputCost`, only in the cost. */
  readonly inputCost: PicoUsd;
  readonly outputCost: PicoUsd;
  readonly cost: PicoUsd;
  readonly latencyMs: number;
}

/** @param calls How many of the newest calls to list. */
export async function summarise(
  reader: Pick<LedgerReader, "totals" | "calls">,
  filter: CallFilter,
  calls: number,
): Promise<Summary> {
  const totals = await reader.totals(filter, ["provider", "operation", "endpoint"], null);
  const newest =
    calls === 0
      ? []
      : await reader.calls({ ...filter, charged: true }, { limit: calls, before: null });
  return await summaryOf(totals, newest);
}

/** @param totals Grouped by `provider`, `operation` and `endpoint`. */
export async function summaryOf(
  totals: readonly Totals[],
  newest: readonly CallRow[],
): Promise<Summary> {
  const whole = new AddingOperations();
  const providers = new Map<string, AddingOperations>();
  for (const row of totals) {
    if (turns.isOver) await turns.next();
    if (row.calls + row.charges === 0) continue;
    whole.add(row);
    const provider = row.group["provider"] ?? unattributed;
    const own = providers.get(provider) ?? new AddingOperations();
    providers.set(provider, own);
    own.add(row);
  }
  const { byOperation, ...total } = await whole.inTurns();
  const byProvider = new Map<string, ProviderSums>();
  for (const [provider, sum] of providers) byProvider.set(provider, await sum.inTurns());
  return {
    total,
    costPer1000Tokens: share(pico(callCost(total) * 1000n), total.inputTokens + total.outputTokens),
    byProvider,
    byOperation,
    units: countUnits(whole.usage),
    calls: await mapInTurns(newest, summariseCall),
  };
}

/** Sums of calls that are being added up, with those of each operation. */
class AddingOperations {
  readonly #sum = new Adding();
  readonly #operations = new Map<string, Adding>();

  get usage(): Usage {
    return this.#sum.figures().usage;
  }

  add(row: Totals): void {
    const operation = operationOf(row);
    const own = this.#operations.get(operation) ?? new Adding();
    this.#operations.set(operation, own);
    for (const sum of [own, this.#sum]) sum.addFigures(row);
  }

  async inTurns(): Promise<ProviderSums> {
    const byOperation = await mapInTurns([...this.#operations], ([operation, sum]) => {
      return [operation, callSums(sum.figures())] as const;
    });
    return { ...callSums(this.#sum.figures()), byOperation: new Map(byOperation) };
  }
}

function callSums(figures: Figures): CallSums {
  const { calls, charges, cost, chargeCost, usage, latencyMs, timed } = figures;
  return {
    calls,
    charges,
    cost,
    chargeCost,
    averageCost: share(callCost(figures), calls),
    inputTokens: countContext(usage),
    outputTokens: countOutput(usage),
    averageLatencyMs: ratio(latencyMs, timed) ?? 0,
  };
}

export function summariseCall(call: CallRow): CallSummary {
  const { provider, endpoint } = call.route;
  const usage = totalUsage(call);
  const { input, output } = costBySide(call);
  return {
    startedAt: call.startedAt,
    provider,
    model: call.model,
    operation: call.attribution.operation ?? endpoint,
    inputTokens: countContext(usage),
    outputTokens: countOutput(usage),
    inputCost: input,
    outputCost: output,
    cost: call.cost,
    latencyMs: call.latencyMs,
  };
}

/** The operation in the caller's headers, or else the endpoint. */
function operationOf({ group }: Totals): string {
  const operation = group["operation"] ?? unattributed;
  return operation === unattributed ? (group["endpoint"] ?? unattributed) : operation;
}

/** `amount ÷ parts`, to the nearest pico-USD; 0 if there are no parts. */
export function share(amount: PicoUsd, parts: number): PicoUsd {
  return parts === 0 ? zero : pico(divide(amount, BigInt(parts)));
}
