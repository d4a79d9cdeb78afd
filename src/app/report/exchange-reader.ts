/** Reads figures in another currency: what each day cost, at the rate of that day (UTC). */

import { PurserError } from "../../domain/error.ts";
import { formatInstant } from "../../domain/input/scalar.ts";
import type { Exchange, ExchangeRate } from "../../domain/money/exchange.ts";
import { pico, type PicoUsd } from "../../domain/money/money.ts";
import type {
  Buckets,
  CallFilter,
  CallRow,
  DistinctQuery,
  DistinctTotals,
  GroupKey,
  LedgerReader,
  Totals,
} from "../port/reader.ts";
import { sumFigures } from "./series.ts";

export type FiguresReader = Pick<LedgerReader, "totals" | "latencies" | "distinct" | "calls">;

/**
 * A reader whose amounts are those of the exchange, which are exact, instead of pico-USD.
 *
 * Its methods throw a PurserError `invalid_request` for an amount of a day without a rate.
 */
export function readingIn(exchange: Exchange, reader: FiguresReader): FiguresReader {
  return {
    latencies: (...asked) => reader.latencies(...asked),
    totals: (filter, by, buckets) => totalsIn(exchange, reader, { filter, by, buckets }),
    async calls(filter, page) {
      const rows = await reader.calls(filter, page);
      return rows.map((row) => callIn(exchange, row));
    },
    async distinct(filter, query) {
      return withCosts(await reader.distinct(filter, query), {
        costs: await distinctCosts(exchange, reader, { filter, query }),
        isCumulative: query.steps?.isCumulative === true,
      });
    },
  };
}

interface TotalsAsked {
  readonly filter: CallFilter;
  readonly by: readonly GroupKey[];
  readonly buckets: Buckets;
}

const dayMs = 86_400_000;
/** With more rates, one question by day takes less time than one for each rate. */
const fewParts = 3;

/** Buckets of at most a day have one rate, as rates change at midnight UTC. */
async function totalsIn(
  exchange: Exchange,
  reader: FiguresReader,
  { filter, by, buckets }: TotalsAsked,
): Promise<readonly Totals[]> {
  if (buckets !== null && typeof buckets === "object")
    return await seriesIn(exchange, reader, { filter, by, edges: buckets });
  const parts = exchange.parts(filter);
  const stepMs = buckets ?? (parts.length > fewParts ? dayMs : null);
  if (stepMs !== null && dayMs % stepMs === 0) {
    const rows = await reader.totals(filter, by, stepMs);
    const converted = rows.map((row) => {
      const rate = exchange.rateAt(row.bucket ?? 0);
      const bucket = buckets === null ? null : row.bucket;
      return { ...row, bucket, ...costsAt(exchange, row, { rate }) };
    });
    return merged(converted);
  }
  const rows: Totals[] = [];
  for (const { rate, ...range } of parts) {
    const found = await reader.totals({ ...filter, ...range }, by, buckets);
    rows.push(...found.map((row) => ({ ...row, ...costsAt(exchange, row, { rate }) })));
  }
  return merged(rows);
}

interface SeriesAsked extends Omit<TotalsAsked, "buckets"> {
  readonly edges: readonly number[];
}

/** Asks once: buckets are divided where the rate changes. */
async function seriesIn(
  exchange: Exchange,
  reader: FiguresReader,
  { filter, by, edges }: SeriesAsked,
): Promise<readonly Totals[]> {
  const { from = -Infinity } = filter;
  const [first = 0, last = 0] = [edges[0], edges.at(-1)];
  const changes = exchange.rates.map((rate) => rate.from).filter((at) => at > from);
  const inside = changes.filter((at) => at > first && at < last);
  const finer = [...new Set([...edges, ...inside])].sort((left, right) => left - right);
  const rows = await reader.totals(filter, by, finer);
  const starts = new Map(finer.map((at) => [at, edges.findLast((start) => start <= at)]));
  const converted = rows.map((row) => {
    const at = row.bucket ?? first;
    // The first bucket may begin before the range.
    const rate = exchange.rateAt(Math.max(at, from));
    return { ...row, bucket: starts.get(at) ?? at, ...costsAt(exchange, row, { rate }) };
  });
  return merged(converted);
}

/** A group has a row for each rate. */
function merged(rows: readonly Totals[]): readonly Totals[] {
  const groups = Map.groupBy(rows, ({ group, bucket }) => JSON.stringify([bucket, group]));
  return [...groups.values()].flatMap((same) =>
    same[0] ? [{ ...same[0], ...sumFigures(same) }] : [],
  );
}

function costsAt(
  exchange: Exchange,
  { cost, chargeCost }: Pick<Totals, "cost" | "chargeCost">,
  part: { readonly rate: ExchangeRate | null | undefined },
): Pick<Totals, "cost" | "chargeCost"> {
  return {
    cost: costAt(exchange, cost, part),
    chargeCost: costAt(exchange, chargeCost, part),
  };
}

/** An amount of one day, or of a part of a range in which one rate applies. */
export function costAt(
  exchange: Exchange,
  amount: bigint,
  part: { readonly rate: ExchangeRate | null | undefined },
): PicoUsd {
  if (amount === 0n) return pico(0n);
  if (part.rate) return pico(exchange.convert(amount, part.rate));
  const [first] = exchange.rates;
  const until = first ? ` before ${formatInstant(first.from).slice(0, 10)}` : " for these days";
  throw new PurserError(
    "invalid_request",
    `currency: ${exchange.currency} has no rate${until}, and calls of that time cost money`,
    {
      field: "currency",
      remedy: "Add a rate to display.rates in purser.yaml, ask for a later range, or for USD.",
    },
  );
}

function callIn(exchange: Exchange, row: CallRow): CallRow {
  const part = { rate: exchange.rateAt(row.endedAt) };
  return {
    ...row,
    cost: costAt(exchange, row.cost, part),
    charges: row.charges.map((line) => ({ ...line, cost: costAt(exchange, line.cost, part) })),
  };
}

interface DistinctAsked {
  readonly filter: CallFilter;
  readonly query: DistinctQuery;
}

/** The cost of each group in each part of the range: counts of different values do not add up. */
async function distinctCosts(
  exchange: Exchange,
  reader: FiguresReader,
  { filter, query }: DistinctAsked,
): Promise<readonly DistinctTotals[]> {
  const last = filter.to ?? Number.MAX_SAFE_INTEGER;
  const wanted = query.steps?.ends ?? [last];
  const costs: DistinctTotals[] = [];
  for (const part of exchange.parts(filter)) {
    const { rate: _, ...range } = part;
    const [from, to] = [range.from ?? -Infinity, range.to ?? last];
    const inside = wanted.filter((end) => end > from && end < to);
    const next = wanted.find((end) => end >= to) ?? last;
    const steps = { ends: [...inside, to], isCumulative: false };
    const found = await reader.distinct({ ...filter, ...range }, { ...query, steps });
    for (const row of found) {
      const end = row.end === to ? next : row.end;
      costs.push({
        ...row,
        ...(end !== undefined && { end }),
        cost: costAt(exchange, row.cost, part),
      });
    }
  }
  return costs;
}

function withCosts(
  rows: readonly DistinctTotals[],
  {
    costs,
    isCumulative,
  }: { readonly costs: readonly DistinctTotals[]; readonly isCumulative: boolean },
): readonly DistinctTotals[] {
  const byGroup = Map.groupBy(costs, ({ group }) => JSON.stringify(group));
  return rows.map((row) => {
    const same = (byGroup.get(JSON.stringify(row.group)) ?? []).filter(({ end = 0 }) =>
      row.end === undefined ? true : isCumulative ? end <= row.end : end === row.end,
    );
    return { ...row, cost: pico(same.reduce((sum, { cost }) => sum + cost, 0n)) };
  });
}
