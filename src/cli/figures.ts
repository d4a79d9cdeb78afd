/** Reads spend and budgets from the control plane, with exact amounts as decimal strings. */

import type { PageJson } from "../contract/page.ts";
import type { SeriesJson } from "../contract/series.ts";
import { ask, type Connection } from "./connection.ts";

export interface FiguresQuery {
  /** RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Dimensions, `provider`, `model`, `status`, `tag:NAME`; empty for the total only. */
  readonly by: readonly string[];
  /** `simulator` includes its calls. */
  readonly include?: string | undefined;
  readonly filters?: readonly (readonly [name: string, value: string])[];
}

/** Earlier than any ledger. */
export const beginning = "2020-01-01T00:00:00.000Z";

/** Sums over the range, grouped by `by`. @throws ApiProblem if the server refuses the query. */
export async function readFigures(
  connection: Connection,
  query: FiguresQuery,
): Promise<SeriesJson> {
  const parameters = new URLSearchParams({ bucket: "none", from: query.from ?? beginning });
  if (query.to !== undefined) parameters.set("to", query.to);
  if (query.include !== undefined) parameters.set("include", query.include);
  if (query.by.length > 0) parameters.set("by", query.by.join(","));
  for (const [name, value] of query.filters ?? []) parameters.append(name, value);
  return (await ask(connection, "GET", {
    path: `/api/v1/series?${parameters.toString()}`,
  })) as SeriesJson;
}

/** Adds the name of each key to its id, for display. */
export function withKeyNames(figures: SeriesJson): SeriesJson {
  const { key_names: names } = figures;
  const groups = figures.groups.map((sums) => ({ ...sums, group: withKeyName(sums.group, names) }));
  return { ...figures, groups };
}

type Names = Readonly<Record<string, string>>;

/** @param names Of keys, by their ids. */
export function withKeyName(group: Names, names: Names): Names {
  const { key: id } = group;
  const name = id !== undefined && Object.hasOwn(names, id) ? names[id] : undefined;
  return name === undefined ? group : { ...group, key: `${name} (${id})` };
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
    const page = (await ask(connection, "GET", {
      path: `${path}?${parameters.toString()}`,
    })) as PageJson<Row>;
    rows.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return rows;
}
