/** Sums the calls of teams, with those that belong to a deliverable. */

import { unattributed } from "../../domain/attribution/attribution.ts";
import type { Currency } from "../../domain/budget/budget.ts";
import { countTokens } from "../../domain/usage/usage.ts";
import type { CallFilter, Figures, LedgerReader } from "../port/reader.ts";

export interface TeamSums {
  /** Pico-USD. */
  readonly cost: bigint;
  readonly tokens: bigint;
  /** Of models. */
  readonly calls: number;
  readonly charges: number;
}

export interface TeamFigures {
  readonly all: TeamSums;
  /** Of the calls that have a deliverable. */
  readonly delivered: TeamSums;
  /** Different ones. */
  readonly deliverables: number;
}

/** Budgets in requests count a charge as one. */
export function amountOf(sums: TeamSums, currency: Currency): bigint {
  if (currency === "USD") return sums.cost;
  return currency === "tokens" ? sums.tokens : BigInt(sums.calls + sums.charges);
}

/**
 * The figures of each team with charges in the range of the filter.
 *
 * @param deliverable The name by whose values deliverables are counted, such as `task`.
 */
export async function readTeamFigures(
  reader: Pick<LedgerReader, "totals" | "distinct">,
  filter: CallFilter,
  deliverable: string,
): Promise<ReadonlyMap<string, TeamFigures>> {
  const totals = await reader.totals(filter, ["team"], null);
  const others = await reader.totals(
    { ...filter, attribution: { ...filter.attribution, [deliverable]: unattributed } },
    ["team"],
    null,
  );
  const counts = await reader.distinct(filter, { by: ["team"], of: deliverable, kept: null });
  const rest = new Map(others.map((row) => [row.group["team"], row]));
  const distinct = new Map(counts.map((row) => [row.group?.["team"], row.distinct]));
  const fixed = filter.attribution?.[deliverable];
  const isDelivered = fixed !== undefined && fixed !== unattributed;
  return new Map(
    totals.map((row) => {
      const team = row.group["team"] ?? unattributed;
      const without = isDelivered ? undefined : rest.get(team);
      const all = sumsOf(row);
      const delivered = without ? difference(all, sumsOf(without)) : all;
      return [team, { all, delivered, deliverables: distinct.get(team) ?? 0 }];
    }),
  );
}

function sumsOf({ cost, usage, calls, charges }: Figures): TeamSums {
  return { cost, tokens: BigInt(countTokens(usage)), calls, charges };
}

function difference(whole: TeamSums, part: TeamSums): TeamSums {
  return {
    cost: whole.cost - part.cost,
    tokens: whole.tokens - part.tokens,
    calls: whole.calls - part.calls,
    charges: whole.charges - part.charges,
  };
}
