/** Gathers the figures of a printed report: totals, spend over time, and what it was spent on. */

import { unattributed } from "../../domain/attribution/attribution.ts";
import { add, toNumber, zero } from "../../domain/money/money.ts";
import type { ReportBudget, ReportChart, ReportFigures, ReportTable } from "../port/file-writer.ts";
import type { CallFilter, GroupFigures, GroupKey, LedgerReader } from "../port/reader.ts";
import type { BucketName } from "../report/range.ts";
import { sumFigures } from "../report/adding.ts";
import { series, type Series } from "../report/series.ts";

export interface ReportQuery {
  readonly filter: CallFilter;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly timeZone: string;
  readonly madeAt: number;
  readonly budgets: readonly ReportBudget[];
}

/** @throws PurserError `invalid_request` for an empty range or an unknown time zone. */
export async function reportFigures(
  reader: Pick<LedgerReader, "totals">,
  query: ReportQuery,
): Promise<ReportFigures> {
  const bucket = bucketFor(query.to - query.from);
  const byModel = await series(reader, { ...query, bucket, by: ["model"] });
  const tables: ReportTable[] = [];
  for (const [title, by] of tableGroups) {
    const groups = await reader.totals({ ...query.filter, ...rangeOf(query) }, [by], null);
    const table = tableOf(title, by, groups);
    if (table) tables.push(table);
  }
  const { from, to, timeZone, madeAt, budgets } = query;
  const chart = chartOf(byModel, bucket);
  return { from, to, timeZone, madeAt, total: byModel.total, chart, tables, budgets };
}

function rangeOf({ from, to }: ReportQuery): { readonly from: number; readonly to: number } {
  return { from, to };
}

const dayMs = 86_400_000;

/** Few enough bars to distinguish on a page. */
function bucketFor(lengthMs: number): Exclude<BucketName, "none"> {
  if (lengthMs <= 2 * dayMs) return "hour";
  if (lengthMs <= 62 * dayMs) return "day";
  return lengthMs <= 400 * dayMs ? "week" : "month";
}

const tableGroups: readonly (readonly [string, GroupKey])[] = [
  ["By model", "model"],
  ["By provider", "provider"],
  ["By team", "team"],
  ["By project", "project"],
  ["By user", "user"],
  ["By agent", "agent"],
];

const shownRows = 12;
const shownModels = 5;
const other = "Other";

/** @returns undefined if no call has a value. */
function tableOf(
  title: string,
  by: GroupKey,
  groups: readonly GroupFigures[],
): ReportTable | undefined {
  const nameOf = ({ group }: GroupFigures): string => group[by] ?? unattributed;
  if (groups.every((one) => nameOf(one) === unattributed)) return undefined;
  const rest = groups.slice(shownRows);
  return {
    title,
    rows: groups.slice(0, shownRows).map((one) => ({ ...one, name: nameOf(one) })),
    rest:
      rest.length === 0 ? null : { group: { [by]: `${rest.length} more` }, ...sumFigures(rest) },
  };
}

function chartOf({ groups, buckets }: Series, bucket: ReportChart["bucket"]): ReportChart {
  const models = groups.slice(0, shownModels).map(({ group }) => group["model"] ?? unattributed);
  const hasOther = groups.length > shownModels;
  return {
    bucket,
    names: hasOther ? [...models, other] : models,
    bars: buckets.map(({ start, groups: inside }) => {
      const costOf = (isIncluded: (model: string) => boolean): number =>
        toNumber(
          inside
            .filter(({ group }) => isIncluded(group["model"] ?? unattributed))
            .reduce((sum, { cost }) => add(sum, cost), zero),
        );
      const usd = models.map((model) => costOf((one) => one === model));
      return {
        start,
        usd: hasOther ? [...usd, costOf((one) => !models.includes(one))] : usd,
      };
    }),
  };
}
