/** Serves `/api/v1/teams`: the budgets of teams, with what each used and pays per deliverable. */

import type { z } from "zod";
import type { Principal } from "../app/caller/principal.ts";
import { ratio } from "../app/report/metric.ts";
import { costAt, readingIn } from "../app/report/exchange-reader.ts";
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
import type { Exchange } from "../domain/money/exchange.ts";
import { formatUsd, pico } from "../domain/money/money.ts";
import { mapInTurns } from "../domain/turns.ts";
import { displayOf, exchangeFor } from "./currency.ts";
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
      const page = readRankedCursor(query.cursor, { list: "teams", ...query });
      const asked = { ...readQuery(query, { caller, context }), ...page };
      const { from, to, deliverable } = asked;
      const { rows, totals, parents } = await teams(context, caller, asked);
      const exchange = exchangeFor(context, query.currency, {});
      const reader = exchange && readingIn(exchange, context.reader);
      const shownIn = reader && (await teams({ ...context, reader }, caller, asked));
      const print = new TeamPrinter(exchange, context.clock.now());
      const skip = page?.skip ?? 0;
      const shown = rows.slice(skip, skip + query.limit);
      const pairs = shownIn
        ? pairsOf(shown, shownIn.rows)
        : shown.map((row) => ({ row, own: row }));
      const end = skip + shown.length;
      return ok({
        from: formatInstant(from),
        to: formatInstant(to),
        time_zone: query.time_zone,
        deliverable,
        ...displayOf(exchange),
        data: await mapInTurns(pairs, ({ row, own }) => ({
          ...print.row(own, asked),
          cost_usd: formatUsd(pico(row.figures.all.cost)),
        })),
        totals: (shownIn?.totals ?? totals).map((total) => print.total(total)),
        parents: parents.map((parent) => print.parent(parent)),
        next_cursor:
          end < rows.length
            ? writeRankedCursor({ from, to, skip: end }, { list: "teams", ...query })
            : null,
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

/**
 * Rows of two reads. Calls may be recorded between them, so a row is found by what it is of; one
 * that the second read lacks, as its budget was just deleted, is left out.
 */
export function pairsOf(
  rows: readonly TeamRow[],
  others: readonly TeamRow[],
): readonly { readonly row: TeamRow; readonly own: TeamRow }[] {
  const byId = new Map(others.map((row) => [idOf(row), row]));
  return rows.flatMap((row) => {
    const own = byId.get(idOf(row));
    return own ? [{ row, own }] : [];
  });
}

function idOf({ team, budget }: TeamRow): string {
  return JSON.stringify([team, budget?.budgetId ?? null]);
}

type Amounts = Pick<TeamRow, "currency" | "allocated" | "used" | "held">;
type AmountsJson = Pick<
  TeamPageJson["totals"][number],
  "currency" | "allocated" | "used" | "held" | "remaining" | "used_share"
>;
type DeliveredJson = Pick<
  TeamPageJson["totals"][number],
  "deliverables" | "cost_per_deliverable" | "coverage"
>;

/**
 * Prints amounts in USD or, with an exchange, in its currency: what a budget has is a balance of
 * now, at the rate of today. What calls cost is read at the rates of their days.
 */
class TeamPrinter {
  readonly #exchange: Exchange | undefined;
  readonly #now: number;

  constructor(exchange: Exchange | undefined, now: number) {
    this.#exchange = exchange;
    this.#now = now;
  }

  row(row: TeamRow, { filter }: TeamQuery): Omit<TeamPageJson["data"][number], "cost_usd"> {
    const { team, budget, window, figures, counted, status } = row;
    const { cost, tokens, calls, charges } = figures.all;
    return {
      team,
      budget_id: budget?.budgetId ?? null,
      period: budget?.period ?? null,
      ...this.#amounts(row, budget !== null),
      ...this.#delivered([row], row.currency),
      status,
      window: windowJson(window),
      ...(this.#exchange && { cost: this.#exchange.print(cost) }),
      tokens: Number(tokens),
      calls,
      charges,
      drill: drillQuery({ ...filter, ...counted }, { team }),
    };
  }

  total({ rows, period, status, ...amounts }: TeamTotal): TeamPageJson["totals"][number] {
    return {
      teams: rows.length,
      period,
      ...this.#amounts(amounts, period !== null),
      ...this.#delivered(rows, amounts.currency),
      status,
    };
  }

  parent({
    budget: { budgetId, currency, period },
    allocated,
    children,
  }: ParentBudget): TeamPageJson["parents"][number] {
    const print = (amount: bigint): string => this.#print(amount, currency, true);
    const above = (amount: bigint): string => print(amount > 0n ? amount : 0n);
    return {
      budget_id: budgetId,
      currency: this.#name(currency),
      period,
      allocated: print(allocated),
      children: print(children),
      over_allocated: above(children - allocated),
      unallocated: above(allocated - children),
    };
  }

  /** @param isBalance Whether they are those of budgets, which are kept in USD. */
  #amounts({ currency, allocated, used, held }: Amounts, isBalance: boolean): AmountsJson {
    const print = (amount: bigint): string => this.#print(amount, currency, isBalance);
    return {
      currency: this.#name(currency),
      allocated: allocated === null ? null : print(allocated),
      used: print(used),
      held: print(held),
      remaining: allocated === null ? null : print(allocated - used),
      used_share: allocated === null ? null : ratio(Number(used), Number(allocated)),
    };
  }

  #delivered(rows: readonly TeamRow[], currency: Currency): DeliveredJson {
    const { amount, deliverables, calls } = deliveredOf(rows);
    const all = rows.reduce((sum, { figures }) => sum + figures.all.calls, 0);
    return {
      deliverables,
      cost_per_deliverable: deliverables === 0 ? null : this.#share(amount, currency, deliverables),
      coverage: { calls, share: ratio(calls, all) },
    };
  }

  #share(amount: bigint, currency: Currency, parts: number): string {
    if (currency === "USD" && this.#exchange) return this.#exchange.printShare(amount, parts);
    // Counts have decimals, too, once they are divided.
    const exact = pico(currency === "USD" ? amount : amount * oneInPico);
    return formatUsd(share(exact, parts));
  }

  #print(amount: bigint, currency: Currency, isBalance: boolean): string {
    const exchange = this.#exchange;
    if (currency !== "USD" || !exchange) return formatAmount(amount, currency);
    const rate = exchange.rateAt(this.#now);
    return exchange.print(isBalance ? costAt(exchange, amount, { rate }) : amount);
  }

  #name(currency: Currency): string {
    return currency === "USD" ? (this.#exchange?.currency ?? currency) : currency;
  }
}

const oneInPico = 1_000_000_000_000n;
