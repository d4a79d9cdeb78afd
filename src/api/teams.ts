/** Serves `/api/v1/teams`: the budgets of teams, with what each used and pays per deliverable. */

import type { z } from "zod";
import type { Principal } from "../app/caller/principal.ts";
import { ratio } from "../app/report/metric.ts";
import { rangeOf } from "../app/report/range.ts";
import {
  deliveredOf,
  teams,
  type ParentBudget,
  type TeamQuery,
  type TeamRow,
  type TeamTotal,
} from "../app/report/teams.ts";
import { share } from "../app/report/summary.ts";
import { teamPageSchema, teamQuery, type TeamPageJson } from "../contract/team.ts";
import { dimensions } from "../domain/attribution/attribution.ts";
import { formatAmount } from "../domain/budget/amount.ts";
import type { Currency } from "../domain/budget/budget.ts";
import { PurserError } from "../domain/error.ts";
import { suggest } from "../domain/input/nearest.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { formatUsd, pico } from "../domain/money/money.ts";
import type { ApiContext } from "./context.ts";
import { drillQuery } from "./drill.ts";
import { figuresFilter } from "./filter.ts";
import { readRankedCursor, writeRankedCursor } from "./page.ts";
import { answer, ok, problem, readers, route, type Route } from "./route.ts";
import { windowJson } from "./window.ts";

export const teamRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/teams",
    access: readers,
    tag: "figures",
    summary: "List teams with what they were allocated, have used and pay per deliverable",
    description:
      "A row each team and budget, in the current window of the budget. The range is for teams without one; it is given as for `report`.",
    query: teamQuery,
    responses: {
      200: answer("A page of teams.", teamPageSchema),
      400: problem("A field is invalid."),
      403: problem("The key may not read these figures."),
    },
    async handler({ query, caller, context }) {
      const page = readRankedCursor(query.cursor, query);
      const asked = { ...readQuery(query, { caller, context }), ...page };
      const { rows, totals, parents } = await teams(context, caller, asked);
      const { from, to, deliverable } = asked;
      const skip = page?.skip ?? 0;
      const shown = rows.slice(skip, skip + query.limit);
      const end = skip + shown.length;
      return ok({
        from: formatInstant(from),
        to: formatInstant(to),
        time_zone: query.time_zone,
        deliverable,
        data: shown.map((row) => teamJson(row, asked)),
        totals: totals.map(totalJson),
        parents: parents.map(parentJson),
        next_cursor: end < rows.length ? writeRankedCursor({ from, to, skip: end }, query) : null,
      });
    },
  }),
];

function readQuery(
  query: z.output<typeof teamQuery>,
  { caller, context }: { readonly caller: Principal; readonly context: ApiContext },
): TeamQuery {
  const { last, window, time_zone: timeZone } = query;
  const { from, to, ...filter } = figuresFilter(caller, query, context);
  const range = rangeOf(
    { from, to, last, window },
    { now: context.clock.now(), bucket: "none", timeZone },
  );
  return { filter, ...range, deliverable: readDeliverable(query.deliverable) };
}

const countable: readonly string[] = dimensions.filter((dimension) => dimension !== "team");

/** @throws PurserError `invalid_request` for a name that is not recorded. */
function readDeliverable(name: string): string {
  if (countable.includes(name) || /^tag:[A-Za-z0-9._:/-]{1,64}$/.test(name)) return name;
  throw new PurserError("invalid_request", `deliverable: cannot count "${name.slice(0, 60)}"`, {
    field: "deliverable",
    remedy: suggest(name, [...countable, "tag:NAME"]),
  });
}

function teamJson(row: TeamRow, { filter }: TeamQuery): TeamPageJson["data"][number] {
  const { team, budget, window, figures, counted, currency, allocated, used, held, status } = row;
  const { cost, tokens, calls } = figures.all;
  return {
    team,
    budget_id: budget?.budgetId ?? null,
    period: budget?.period ?? null,
    ...amountsJson({ currency, allocated, used, held }),
    ...deliveredJson([row], currency),
    status,
    window: windowJson(window),
    cost_usd: formatUsd(pico(cost)),
    tokens: Number(tokens),
    calls,
    drill: drillQuery({ ...filter, ...counted }, { team }),
  };
}

function totalJson({
  rows,
  period,
  status,
  ...amounts
}: TeamTotal): TeamPageJson["totals"][number] {
  const { currency } = amounts;
  return {
    teams: rows.length,
    period,
    ...amountsJson(amounts),
    ...deliveredJson(rows, currency),
    status,
  };
}

type AmountsJson = Pick<
  TeamPageJson["totals"][number],
  "currency" | "allocated" | "used" | "held" | "remaining" | "used_share"
>;

function amountsJson({
  currency,
  allocated,
  used,
  held,
}: Pick<TeamRow, "currency" | "allocated" | "used" | "held">): AmountsJson {
  return {
    currency,
    allocated: allocated === null ? null : formatAmount(allocated, currency),
    used: formatAmount(used, currency),
    held: formatAmount(held, currency),
    remaining: allocated === null ? null : formatAmount(allocated - used, currency),
    used_share: allocated === null ? null : ratio(Number(used), Number(allocated)),
  };
}

type DeliveredJson = Pick<
  TeamPageJson["totals"][number],
  "deliverables" | "cost_per_deliverable" | "coverage"
>;

function deliveredJson(rows: readonly TeamRow[], currency: Currency): DeliveredJson {
  const { amount, deliverables, calls } = deliveredOf(rows);
  const all = rows.reduce((sum, { figures }) => sum + figures.all.calls, 0);
  // Counts have decimals, too, once they are divided.
  const exact = pico(currency === "USD" ? amount : amount * oneInPico);
  return {
    deliverables,
    cost_per_deliverable: deliverables === 0 ? null : formatUsd(share(exact, deliverables)),
    coverage: { calls, share: ratio(calls, all) },
  };
}

const oneInPico = 1_000_000_000_000n;

function parentJson({
  budget: { budgetId, currency, period },
  allocated,
  children,
}: ParentBudget): TeamPageJson["parents"][number] {
  const above = (amount: bigint): string => formatAmount(amount > 0n ? amount : 0n, currency);
  return {
    budget_id: budgetId,
    currency,
    period,
    allocated: formatAmount(allocated, currency),
    children: formatAmount(children, currency),
    over_allocated: above(children - allocated),
    unallocated: above(allocated - children),
  };
}
