/** Sums and quantiles of the outcomes of calls. */

import { add, parseUsd, type PicoUsd, zero } from "../../domain/money/money.ts";
import type { CutCall } from "./cut.ts";

/**
 * - `served` the whole answer arrived
 * - `cut` a budget ended the stream early
 * - `refused` a budget refused the call
 * - `failed` anything else: no answer, half an answer, an error
 */
export type CallResult = "served" | "cut" | "refused" | "failed";

export interface CallOutcome {
  readonly result: CallResult;
  /** The reason of a refusal or failure. */
  readonly reason: string | null;
  /** As reported in the answer, in USD. */
  readonly cost: string | null;
  /** From the request to the last byte of the answer. */
  readonly latencyMs: number;
  /** From the request to the first byte of a stream. */
  readonly firstByteMs: number | null;
  /** From the answer, to find the call in the ledger. */
  readonly operationId: string | null;
}

/** The team that made a call, and the tag of the call in the simulator's books. */
export interface RecordedCall {
  readonly team: string;
  readonly tag: string;
}

export interface TeamSums {
  readonly team: string;
  readonly calls: number;
  readonly served: number;
  readonly cut: number;
  readonly refused: number;
  readonly failed: number;
  readonly cost: PicoUsd;
}

export interface Sums extends Omit<TeamSums, "team"> {
  readonly teams: readonly TeamSums[];
  /** Number of refusals and failures by reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Collects outcomes. */
export class Statistics {
  readonly #teams = new Map<string, { -readonly [field in keyof TeamSums]: TeamSums[field] }>();
  readonly #reasons = new Map<string, number>();
  readonly #latencies: number[] = [];
  readonly #firstBytes: number[] = [];
  readonly #cutCalls: CutCall[] = [];

  record(call: RecordedCall, outcome: CallOutcome): void {
    const team = this.#teams.get(call.team) ?? emptyTeam(call.team);
    this.#teams.set(call.team, team);
    team.calls += 1;
    team[outcome.result] += 1;
    if (outcome.cost !== null)
      team.cost = add(team.cost, parseUsd(outcome.cost, "x-purser-cost-usd"));
    if (outcome.reason !== null)
      this.#reasons.set(outcome.reason, (this.#reasons.get(outcome.reason) ?? 0) + 1);
    if (outcome.result === "cut")
      this.#cutCalls.push({ operationId: outcome.operationId, tag: call.tag });
    if (outcome.result === "served") this.#latencies.push(outcome.latencyMs);
    if (outcome.firstByteMs !== null) this.#firstBytes.push(outcome.firstByteMs);
  }

  /** The streams that were cut. */
  get cutCalls(): readonly CutCall[] {
    return this.#cutCalls;
  }

  sums(): Sums {
    const teams = [...this.#teams.values()].sort((left, right) =>
      left.team < right.team ? -1 : 1,
    );
    const total = emptyTeam("");
    for (const team of teams) {
      for (const field of ["calls", "served", "cut", "refused", "failed"] as const)
        total[field] += team[field];
      total.cost = add(total.cost, team.cost);
    }
    const { team: _, ...sums } = total;
    return { ...sums, teams, reasons: Object.fromEntries(this.#reasons) };
  }

  /** Of served calls, in milliseconds; null if there are none. */
  latency(): Quantiles | null {
    return quantiles(this.#latencies);
  }

  /** Of streams, in milliseconds; null if there are none. */
  firstByte(): Quantiles | null {
    return quantiles(this.#firstBytes);
  }
}

/** By nearest rank, so that each figure is a measured value. */
export function quantiles(values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const rank = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: rank(0.5), p99: rank(0.99), max: rank(1) };
}

function emptyTeam(team: string): { -readonly [field in keyof TeamSums]: TeamSums[field] } {
  return { team, calls: 0, served: 0, cut: 0, refused: 0, failed: 0, cost: zero };
}
