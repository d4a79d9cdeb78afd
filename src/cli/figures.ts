/** Reads spend and budgets from the control plane, with exact amounts as decimal strings. */

import type { Usage } from "../domain/usage/usage.ts";
import { ask, type Connection } from "./connection.ts";

export interface FiguresQuery {
  /** RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Dimensions, `provider`, `model`, `status`, `tag:NAME`; empty for the total only. */
  readonly by: readonly string[];
  /** `simulator` includes its calls. */
  readonly include?: string | undefined;
}

export interface FigureSums {
  /** Charged calls. */
  readonly calls: number;
  readonly released: number;
  readonly refusals: number;
  readonly cost_usd: string;
  readonly usage: Usage;
}

export interface GroupSums extends FigureSums {
  readonly group: Readonly<Record<string, string>>;
}

/** Calls to a model without a known price: the sums include them at a cost of 0. */
export interface UnpricedCalls {
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
}

export interface Figures {
  readonly from: string;
  readonly to: string;
  readonly total: FigureSums;
  /** Highest cost first. */
  readonly groups: readonly GroupSums[];
  /** Names of keys by id, if the groups are by key. */
  readonly key_names: Readonly<Record<string, string>>;
  /** Most calls first. */
  readonly unpriced: readonly UnpricedCalls[];
}

/** Earlier than any ledger. */
export const beginning = "2020-01-01T00:00:00.000Z";

/** Sums over the range, grouped by `by`. @throws ApiProblem if the server refuses the query. */
export async function readFigures(connection: Connection, query: FiguresQuery): Promise<Figures> {
  const parameters = new URLSearchParams({ bucket: "none", from: query.from ?? beginning });
  if (query.to !== undefined) parameters.set("to", query.to);
  if (query.include !== undefined) parameters.set("include", query.include);
  if (query.by.length > 0) parameters.set("by", query.by.join(","));
  return (await ask(connection, "GET", {
    path: `/api/v1/series?${parameters.toString()}`,
  })) as Figures;
}

/** Adds the name of each key to its id, for display. */
export function withKeyNames(figures: Figures): Figures {
  const { key_names: names } = figures;
  const groups = figures.groups.map((sums) => {
    const { key: id } = sums.group;
    const name = id !== undefined && Object.hasOwn(names, id) ? names[id] : undefined;
    return name === undefined
      ? sums
      : { ...sums, group: { ...sums.group, key: `${name} (${id})` } };
  });
  return { ...figures, groups };
}

export interface BudgetView {
  readonly budget_id: string;
  readonly parent_budget_id: string | null;
  readonly budget_type: string;
  readonly resource_id: string;
  readonly amount: string;
  readonly currency: string;
  readonly period: string;
  readonly time_zone: string;
  readonly policy: string;
  /** Only for the period `once`. */
  readonly end?: string | null;
  /** Only calls to these count; null or absent if all do. */
  readonly models?: readonly string[] | null;
  readonly providers?: readonly string[] | null;
  readonly spent?: string;
  readonly held?: string;
  readonly available?: string | null;
  readonly overrun?: string;
  readonly window?: { readonly start: string | null; readonly end: string | null } | null;
}

/** Reads all pages of a list. */
export async function readAll<Row>(connection: Connection, path: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const parameters = new URLSearchParams({
      limit: "200",
      ...(cursor === null ? {} : { cursor }),
    });
    const page = (await ask(connection, "GET", { path: `${path}?${parameters.toString()}` })) as {
      readonly data: readonly Row[];
      readonly next_cursor?: string | null;
    };
    rows.push(...page.data);
    cursor = page.next_cursor ?? null;
  } while (cursor !== null);
  return rows;
}
