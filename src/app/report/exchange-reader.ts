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
import { turns } from "../../domain/turns.ts";
import { Adding } from "./adding.ts";
import { groupIds, type Group } from "./group-id.ts";

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
    distinct: (filter, query) => distinctIn(exchange, reader, { filter, query }),
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
  const sums = new Merging(by);
  if (stepMs !== null && dayMs % stepMs === 0) {
    for (const row of await reader.totals(filter, by, stepMs)) {
      if (turns.isOver) await turns.next();
      const rate = exchange.rateAt(row.bucket ?? 0);
      const bucket = buckets === null ? null : row.bucket;
      sums.add({ ...row, bucket, ...costsAt(exchange, row, { rate }) });
    }
    return sums.rows();
  }
  for (const { rate, ...range } of parts) {
    for (const row of await reader.totals({ ...filter, ...range }, by, buckets)) {
      if (turns.isOver) await turns.next();
      sums.add({ ...row, ...costsAt(exchange, row, { rate }) });
    }
  }
  return sums.rows();
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
  const starts = startsOf(finer, edges);
  const sums = new Merging(by);
  for (const row of await reader.totals(filter, by, finer)) {
    if (turns.isOver) await turns.next();
    const at = row.bucket ?? first;
    // The first bucket may begin before the range.
    const rate = exchange.rateAt(Math.max(at, from));
    sums.add({ ...row, bucket: starts.get(at) ?? at, ...costsAt(exchange, row, { rate }) });
  }
  return sums.rows();
}

/** The last edge that is not after each of these times. Both are in order. */
function startsOf(times: readonly number[], edges: readonly number[]): ReadonlyMap<number, number> {
  const starts = new Map<number, number>();
  let place = 0;
  for (const at of times) {
    while ((edges[place + 1] ?? Infinity) <= at) place += 1;
    starts.set(at, edges[place] ?? at);
  }
  return starts;
}

/** Adds up the rows of each group and bucket: one for each rate. */
class Merging {
  readonly #idOf: (group: Group) => string;
  readonly #buckets = new Map<number | null, Map<string, Adding>>();
  readonly #sums: (Pick<Totals, "group" | "bucket"> & { readonly sum: Adding })[] = [];

  constructor(by: readonly GroupKey[]) {
    this.#idOf = groupIds(by);
  }

  add(row: Totals): void {
    const { group, bucket } = row;
    let groups = this.#buckets.get(bucket);
    if (!groups) this.#buckets.set(bucket, (groups = new Map()));
    const id = this.#idOf(group);
    let sum = groups.get(id);
    if (!sum) {
      groups.set(id, (sum = new Adding()));
      this.#sums.push({ group, bucket, sum });
    }
    sum.addFigures(row);
  }

  async rows(): Promise<readonly Totals[]> {
    const rows: Totals[] = [];
    for (const { sum, ...row } of this.#sums) {
      if (turns.isOver) await turns.next();
      rows.push({ ...row, ...sum.figures() });
    }
    return rows;
  }
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
  const day = first && formatInstant(first.from).slice(0, 10);
  const [rate, calls] =
    day === undefined ? ["for these days", "of them"] : [`before ${day}`, `before ${day}`];
  throw new PurserError(
    "invalid_request",
    `currency: ${exchange.currency} has no rate ${rate}, but some calls ${calls} have a cost`,
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

/** Counts as they are, with costs that are read by rate: numbers of values do not add up. */
async function distinctIn(
  exchange: Exchange,
  reader: FiguresReader,
  asked: DistinctAsked,
): Promise<readonly DistinctTotals[]> {
  const { filter, query } = asked;
  const costs = await distinctCosts(exchange, reader, asked);
  const idOf = groupIds(query.by);
  const last = filter.to ?? Number.MAX_SAFE_INTEGER;
  const rows: DistinctTotals[] = [];
  for (const row of await reader.distinct(filter, query)) {
    if (turns.isOver) await turns.next();
    const own = row.group === null ? others : idOf(row.group);
    rows.push({ ...row, cost: pico(costs.get(row.end ?? last)?.get(own) ?? 0n) });
  }
  return rows;
}

const others = "";

type CostsByGroup = ReadonlyMap<string, bigint>;

/** The cost of each group by the end of its part. One question: parts end where the rate changes. */
async function distinctCosts(
  exchange: Exchange,
  reader: FiguresReader,
  { filter, query }: DistinctAsked,
): Promise<ReadonlyMap<number, CostsByGroup>> {
  const last = filter.to ?? Number.MAX_SAFE_INTEGER;
  const wanted = query.steps?.ends ?? [last];
  const changes = exchange.parts(filter).map(({ to = last }) => to);
  const ends = [...new Set([...wanted, ...changes])].sort((left, right) => left - right);
  const steps = { ends, isCumulative: false };
  const rows = Map.groupBy(await reader.distinct(filter, { ...query, steps }), ({ end }) => end);
  const idOf = groupIds(query.by);
  const isWanted = new Set(wanted);
  const found = new Map<number, CostsByGroup>();
  let sums = new Map<string, bigint>();
  for (const end of ends) {
    // Rates change at the ends of parts only.
    const part = { rate: exchange.rateAt(end - 1) };
    for (const { group, cost } of rows.get(end) ?? []) {
      if (turns.isOver) await turns.next();
      const id = group === null ? others : idOf(group);
      sums.set(id, (sums.get(id) ?? 0n) + costAt(exchange, cost, part));
    }
    if (!isWanted.has(end)) continue;
    found.set(end, sums);
    sums = query.steps?.isCumulative === true ? new Map(sums) : new Map();
  }
  return found;
}
