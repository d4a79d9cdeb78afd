/** Serves `/api/v1/series`: figures over time. */

import { usualRangeMs } from "../app/report/range.ts";
import { ratio } from "../app/report/metric.ts";
import { readingIn } from "../app/report/exchange-reader.ts";
import { groupIds, type Group } from "../app/report/group-id.ts";
import { series, type Series, type SeriesQuery } from "../app/report/series.ts";
import { unpricedModels } from "../app/report/unpriced-models.ts";
import type { Figures, GroupFigures, GroupKey } from "../app/port/reader.ts";
import {
  seriesQuery,
  seriesSchema,
  type FiguresJson,
  type GroupFiguresJson,
  type SeriesJson,
} from "../contract/series.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import type { Exchange } from "../domain/money/exchange.ts";
import { formatUsd, zero } from "../domain/money/money.ts";
import { mapInTurns, turns } from "../domain/turns.ts";
import { displayOf, exchangeFor } from "./currency.ts";
import { countTokens } from "../domain/usage/usage.ts";
import type { ApiContext } from "./context.ts";
import { remembered } from "./drill.ts";
import { figuresFilter } from "./filter.ts";
import { readBy } from "./group-by.ts";
import { answer, ok, problem, readers, route, type Route } from "./route.ts";

export const seriesRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/series",
    access: readers,
    tag: "figures",
    summary: "Get figures over time, grouped as you choose",
    description:
      "Without `from`: the last 24 hours, 30 days, 12 weeks or 12 months, depending on the bucket. Without `to`: until now.",
    query: seriesQuery,
    responses: {
      200: answer("The series.", seriesSchema),
      400: problem("A field is invalid."),
      403: problem("The key may not read these figures."),
    },
    async handler({ query, caller, context }) {
      const filter = figuresFilter(caller, query, context);
      const to = filter.to ?? context.clock.now() + 1;
      const from = filter.from ?? to - usualRangeMs[query.bucket];
      const by = readBy(query.by, maxGroupKeys);
      const { bucket, time_zone: timeZone } = query;
      const asked = { filter, from, to, bucket, by, timeZone };
      const result = await series(context.reader, asked);
      const exchange = exchangeFor(context, query.currency, { from, to });
      const print = new FiguresPrinter(
        exchange && (await inCurrency(context, exchange, asked)),
        by,
      );
      const unpriced = await unpricedModels(context.reader, { ...filter, from, to });
      return ok({
        from: formatInstant(from),
        to: formatInstant(to),
        bucket,
        time_zone: timeZone,
        ...displayOf(exchange),
        by,
        ...(await print.sums(result)),
        key_names: by.includes("key") ? keyNames(context, result.groups) : {},
        unpriced,
        data: await bucketsJson(result.buckets, print),
      });
    },
  }),
];

async function bucketsJson(
  buckets: Series["buckets"],
  print: FiguresPrinter,
): Promise<SeriesJson["data"]> {
  const instant = remembered(formatInstant);
  const printed: SeriesJson["data"][number][] = [];
  for (const [index, one] of buckets.entries()) {
    if (turns.isOver) await turns.next();
    const sums = await print.sums(one, index);
    printed.push({ start: instant(one.start), end: instant(one.end), ...sums });
  }
  return printed;
}

const maxGroupKeys = 4;

export function keyNames(
  { ledger }: ApiContext,
  groups: readonly Pick<GroupFigures, "group">[],
): Readonly<Record<string, string>> {
  const wanted = new Set(groups.map(({ group }) => group["key"]));
  return Object.fromEntries(
    ledger.keys().flatMap(({ keyId, name }) => (wanted.has(keyId) ? [[keyId, name]] : [])),
  );
}

interface Shown {
  readonly exchange: Exchange;
  /** The same series, whose amounts are those of the exchange. */
  readonly series: Series;
}

async function inCurrency(
  { reader }: ApiContext,
  exchange: Exchange,
  query: SeriesQuery,
): Promise<Shown> {
  return { exchange, series: await series(readingIn(exchange, reader), query) };
}

type Sums = Pick<Series, "total" | "groups">;

interface SumsJson {
  readonly total: FiguresJson;
  readonly groups: readonly GroupFiguresJson[];
}

/** Adds what each sum is in the currency that was asked for, if one was. */
class FiguresPrinter {
  readonly #shown: Shown | undefined;
  readonly #idOf: (group: Group) => string;

  constructor(shown: Shown | undefined, by: readonly GroupKey[]) {
    this.#shown = shown;
    this.#idOf = groupIds(by);
  }

  /** @param bucket Undefined for the sums of the range. */
  async sums({ total, groups }: Sums, bucket?: number): Promise<SumsJson> {
    if (!this.#shown)
      return { total: figuresJson(total), groups: await mapInTurns(groups, groupJson) };
    const { exchange, series: all } = this.#shown;
    const same: Sums | undefined = bucket === undefined ? all : all.buckets[bucket];
    const costs = new Map<string, Figures>();
    for (const one of same?.groups ?? []) {
      if (turns.isOver) await turns.next();
      costs.set(this.#idOf(one.group), one);
    }
    const shown = (figures: Figures | undefined) => ({
      cost: exchange.print(figures?.cost ?? zero),
      charge_cost: exchange.print(figures?.chargeCost ?? zero),
    });
    return {
      total: { ...figuresJson(total), ...shown(same?.total) },
      groups: await mapInTurns(groups, (one) => ({
        ...groupJson(one),
        ...shown(costs.get(this.#idOf(one.group))),
      })),
    };
  }
}

function figuresJson(figures: Figures): FiguresJson {
  const { calls, charges, released, refusals, cost, chargeCost, usage, latencyMs, timed } = figures;
  return {
    calls,
    charges,
    released,
    refusals,
    cost_usd: formatUsd(cost),
    charge_cost_usd: formatUsd(chargeCost),
    tokens: countTokens(usage),
    usage,
    avg_latency_ms: ratio(latencyMs, timed) ?? 0,
  };
}

function groupJson(group: GroupFigures): GroupFiguresJson {
  return { group: group.group, ...figuresJson(group) };
}
