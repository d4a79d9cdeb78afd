/** Serves `/api/v1/report`: chosen metrics by group and time, compared with an earlier range. */

import { rangeBefore, rangeOf, type Range } from "../app/report/range.ts";
import {
  changeOf,
  isMetric,
  latencyCoverage,
  metricNames,
  metrics,
  ratio,
  shareOfFigure,
  type Figure,
  type MetricName,
  type Sums,
} from "../app/report/metric.ts";
import { readingIn } from "../app/report/exchange-reader.ts";
import { figureOf, report, type Report, type ReportQuery } from "../app/report/query.ts";
import type { Group } from "../app/report/group-id.ts";
import {
  reportQuery,
  reportSchema,
  type ReportFiguresJson,
  type ReportJson,
} from "../contract/report.ts";
import type { Dimension } from "../domain/attribution/attribution.ts";
import { PurserError } from "../domain/error.ts";
import { suggest } from "../domain/input/nearest.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import type { Exchange } from "../domain/money/exchange.ts";
import { formatUsd, zero, type PicoUsd } from "../domain/money/money.ts";
import { mapInTurns, turns } from "../domain/turns.ts";
import { displayOf, exchangeFor } from "./currency.ts";
import { Drill, remembered } from "./drill.ts";
import { figuresFilter } from "./filter.ts";
import { readBy } from "./group-by.ts";
import { lazyList } from "./print-json.ts";
import { answer, ok, problem, readers, route, type Route } from "./route.ts";
import { keyNames } from "./series.ts";
import { orderText, readOrder } from "./sort.ts";

const maxGroupKeys = 3;

export const reportRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/report",
    access: readers,
    tag: "figures",
    summary: "Answer a question about spend: metrics by group and time, compared",
    description:
      "Give the range as `from` and `to`, as `last` or as `window`; without any, it is that of `series`. Each row has the query that lists its calls.",
    query: reportQuery,
    responses: {
      200: answer("The report.", reportSchema),
      400: problem("A field is invalid."),
      403: problem("The key may not read these figures."),
    },
    async handler({ query, caller, context }) {
      const filter = figuresFilter(caller, query, context);
      const { bucket, time_zone: timeZone, last, window, compare, top } = query;
      const range = rangeOf(
        { from: filter.from, to: filter.to, last, window },
        { now: context.clock.now(), bucket, timeZone },
      );
      const isWhole = compare === "previous_whole";
      const before = compare === undefined ? null : rangeBefore(range, { timeZone, isWhole });
      const exchange = exchangeFor(context, query.currency, {
        from: before ? Math.min(before.from, range.from) : range.from,
        to: range.to,
      });
      const wanted = readMetrics(query.metrics);
      const asked: ReportQuery = {
        filter,
        ...range,
        bucket,
        timeZone,
        by: readBy(query.by, maxGroupKeys),
        metrics: wanted,
        before,
        top,
        sort: readOrder(query.sort, metricNames, wanted[0] ?? "cost"),
        isCumulative: readCumulative(query.cumulative, bucket),
      };
      const { reader } = context;
      const found = await report(exchange ? readingIn(exchange, reader) : reader, asked);
      const listed = found.rows.flatMap(({ group }) => (group ? [{ group }] : []));
      return ok({
        ...(await reportJson(found, asked, exchange)),
        ...displayOf(exchange),
        compare: before && { ...timesJson(before), window: before.kind },
        key_names: asked.by.includes("key") ? keyNames(context, listed) : {},
      });
    },
  }),
];

async function reportJson(
  { total, rows, leftOut, buckets }: Report,
  query: ReportQuery,
  exchange: Exchange | undefined,
): Promise<Omit<ReportJson, "compare" | "key_names">> {
  const print = new RowPrinter(query, total.sums, exchange);
  const { sort, bucket, timeZone, by, isCumulative } = query;
  return {
    ...timesJson(query),
    bucket,
    time_zone: timeZone,
    by,
    metrics: query.metrics,
    sort: orderText(sort),
    share_of: print.shareOf,
    cumulative: isCumulative,
    total: { ...print.row(all, total.sums, query), ...print.compared(total) },
    rows: await mapInTurns(rows, (row) => ({
      group: row.group,
      ...print.row(row.group, row.sums, query),
      ...print.compared(row),
    })),
    groups_left_out: leftOut,
    data: lazyList(bucketsJson(buckets, print)),
  };
}

async function* bucketsJson(
  buckets: Report["buckets"],
  print: RowPrinter,
): AsyncGenerator<ReportJson["data"][number]> {
  for await (const { start, end, total, counted, rows } of buckets) {
    if (turns.isOver) await turns.next();
    yield {
      start: print.instant(start),
      end: print.instant(end),
      total: print.row(all, total, counted),
      rows: await mapInTurns(rows, ({ group, sums }) => ({
        group,
        ...print.row(group, sums, counted),
      })),
    };
  }
}

function timesJson({ from, to }: Range): { readonly from: string; readonly to: string } {
  return { from: formatInstant(from), to: formatInstant(to) };
}

/** The group of all calls. */
const all: Group = {};

type RowJson = Omit<ReportJson["rows"][number], "group" | "before" | "change">;

class RowPrinter {
  readonly shareOf: MetricName;
  readonly instant = remembered(formatInstant);
  readonly #query: ReportQuery;
  readonly #whole: Figure;
  /** Whose amounts the sums have; undefined for pico-USD. */
  readonly #exchange: Exchange | undefined;
  readonly #drill: Drill;
  readonly #hasLatencies: boolean;
  readonly #divisors: readonly Dimension[];

  constructor(query: ReportQuery, total: Sums, exchange: Exchange | undefined) {
    const wanted = query.metrics.map((name) => metrics[name]);
    this.#exchange = exchange;
    this.#query = query;
    this.shareOf = metrics[query.sort.by].isSum ? query.sort.by : "cost";
    this.#whole = figureOf(this.shareOf, total);
    this.#drill = new Drill(query.filter, this.instant);
    this.#hasLatencies = wanted.some(({ needsLatencies }) => needsLatencies === true);
    this.#divisors = wanted.flatMap(({ dividesBy }) => dividesBy ?? []);
  }

  /** @param group Null for the row of all groups that are not listed. */
  row(group: Group | null, sums: Sums, range: Range): RowJson {
    return {
      figures: this.#figures(sums),
      share: shareOfFigure(figureOf(this.shareOf, sums), this.#whole),
      coverage: this.#coverage(sums),
      drill: group && this.#drill.query(range, group),
    };
  }

  compared({
    sums,
    before,
  }: {
    readonly sums: Sums;
    readonly before: Sums | null;
  }): Pick<ReportJson["total"], "before" | "change"> {
    if (before === null) return { before: null, change: null };
    const change = this.#query.metrics.map((name) => [
      name,
      changeOf(figureOf(name, sums), figureOf(name, before)),
    ]);
    return {
      before: this.#figures(before),
      change: Object.fromEntries(change) as Record<string, number | null>,
    };
  }

  #figures(sums: Sums): ReportFiguresJson {
    const figures: Record<string, string | number | null> = {};
    for (const name of this.#query.metrics) figures[name] = this.#figure(name, sums);
    return figures;
  }

  #figure(name: MetricName, sums: Sums): string | number | null {
    const figure = figureOf(name, sums);
    if (typeof figure !== "bigint") return figure;
    if (!this.#exchange) return formatUsd(figure);
    const { amount, parts } = metrics[name].share?.(sums) ?? { amount: figure, parts: 1 };
    return this.#exchange.printShare(amount, parts);
  }

  /** In the currency that was asked for. */
  #cost(amount: PicoUsd): { readonly cost: string } | { readonly cost_usd: string } {
    const exchange = this.#exchange;
    return exchange ? { cost: exchange.print(amount) } : { cost_usd: formatUsd(amount) };
  }

  #coverage(sums: Sums): RowJson["coverage"] {
    const coverage: Record<string, RowJson["coverage"][string]> = {};
    if (this.#hasLatencies) coverage["latency"] = latencyCoverage(sums);
    for (const dimension of this.#divisors) {
      const known = sums.distinct[dimension];
      const calls = known?.calls ?? 0;
      coverage[dimension] = {
        calls,
        share: ratio(calls, sums.calls),
        distinct: known?.distinct ?? 0,
        ...this.#cost(known?.cost ?? zero),
      };
    }
    return coverage;
  }
}

function readMetrics(text: string): readonly MetricName[] {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  return names.map((name) => readMetric(name, "metrics"));
}

function readMetric(name: string, field: string): MetricName {
  if (isMetric(name)) return name;
  throw new PurserError("invalid_request", `${field}: "${name.slice(0, 60)}" is not a metric`, {
    field,
    remedy: suggest(name, metricNames),
  });
}

function readCumulative(text: "true" | "false", bucket: ReportQuery["bucket"]): boolean {
  if (text === "false" || bucket !== "none") return text === "true";
  throw new PurserError("invalid_request", "cumulative: needs buckets to add up", {
    field: "cumulative",
    remedy: "Give a `bucket`, such as day, or leave it out.",
  });
}
