/**
 * Recounts budgets: adds up the cost of the calls in their windows; a call counts from when it was
 * held.
 */

import { assert } from "../../../domain/assert.ts";
import { type BudgetToCount, Tally } from "../../../domain/ledger/recount.ts";
import type { Counted, CounterKey, Quantities } from "../../../domain/ledger/entry.ts";
import { pico } from "../../../domain/money/money.ts";
import { decodeHold, decodeSettle } from "../../journal/decode.ts";
import {
  allRows,
  prepareRows,
  readRow,
  rowColumns,
  type RowValues,
} from "../journal/journal-file.ts";
import { kinds } from "../../journal/kind.ts";
import { outcomeRows } from "../journal/kind-condition.ts";
import { joinPico } from "../write/rollup.ts";
import type { Source } from "./calls.ts";
import type { CountQuery } from "./query.ts";
import { seqRanges, type SeqRange } from "./selection.ts";

/** Entries between two progress reports. */
const stride = 50_000;

type Files = Pick<Source, "database" | "file">;

/** @param progress Called with the fraction done, 0 to 1. */
export function countSpent(
  { database, file }: Files,
  { counting, lastSeq }: Omit<CountQuery, "method">,
  progress: (share: number) => void,
): readonly Counted[] {
  const newest = Number(database.prepare("SELECT max(seq) AS seq FROM entry").get()?.["seq"] ?? 0);
  assert(newest >= lastSeq, "all entries to be counted are in the tables");
  const tally = new Tally(counting);
  const { counts } = counting;
  const from = Math.min(...counts.map(({ window }) => window.start));
  // A call ends after its hold, so no call in these windows ended before their first hour.
  const [range] = seqRanges(database, { from, to: Number.POSITIVE_INFINITY });
  const first = range?.first ?? lastSeq + 1;
  const [only] = counts;
  const isPlain =
    only !== undefined &&
    counts.length === 1 &&
    only.budget.currency === "USD" &&
    !only.keepsCounted;
  const add = isPlain
    ? sumAdder({ database, file }, { tally, only, lastSeq })
    : rowAdder({ database, file }, { tally, from, lastSeq });
  for (let next = first; next <= lastSeq; next += stride) {
    add({ first: next, last: Math.min(lastSeq, next + stride - 1) });
    progress((Math.min(lastSeq, next + stride - 1) - first + 1) / (lastSeq - first + 1));
  }
  return tally.counted();
}

/** Outcomes with a charge, not replaced by a correction or late settlement so far. */
const charges = `
  FROM entry CROSS JOIN entry AS hold ON hold.seq = entry.call
  WHERE entry.seq BETWEEN ? AND ? AND ${outcomeRows("entry.kind")} AND entry.kind NOT IN (${kinds.release}, ${kinds.expire})
    AND NOT EXISTS (SELECT 1 FROM amendment WHERE replaces = entry.seq AND amendment.seq <= ?)`;

/**
 * Sums USD by the fields the definition selects: SQLite adds up calls that share attribution and
 * route.
 */
function sumAdder(
  { database, file }: Files,
  {
    tally,
    only,
    lastSeq,
  }: { readonly tally: Tally; readonly only: BudgetToCount; readonly lastSeq: number },
): (range: SeqRange) => void {
  const { start, end } = only.window;
  const statement = prepareRows(
    database,
    `SELECT entry.attribution_id, entry.route_id, sum(entry.amount / 1000000), sum(entry.amount % 1000000) ${charges}
       AND hold.at >= ? AND hold.at < ? GROUP BY entry.attribution_id, entry.route_id`,
  );
  return ({ first, last }) => {
    for (const [attributionId, routeId, micro, rest] of allRows(
      statement,
      first,
      last,
      lastSeq,
      start,
      end ?? Number.MAX_SAFE_INTEGER,
    )) {
      const attribution = file.names.attribution(Number(attributionId));
      const { route } = file.names.route(Number(routeId));
      const usd = pico(joinPico(Number(micro), Number(rest)));
      tally.add({
        at: start,
        attribution,
        route,
        counters: [],
        cost: { usd, tokens: 0n, requests: 0n },
      });
    }
  };
}

/** Reads whole calls: tokens and counters are in their bodies. */
function rowAdder(
  { database, file }: Files,
  {
    tally,
    from,
    lastSeq,
  }: { readonly tally: Tally; readonly from: number; readonly lastSeq: number },
): (range: SeqRange) => void {
  const statement = prepareRows(
    database,
    `SELECT hold.at, ${rowColumns("entry")} ${charges} AND hold.at >= ?`,
  );
  return ({ first, last }) => {
    for (const values of statement.iterate(
      first,
      last,
      lastSeq,
      from,
    ) as Iterable<unknown> as Iterable<RowValues>) {
      const [at, ...columns] = values;
      const row = readRow(columns);
      const attribution = file.names.attribution(row.attributionId ?? 0);
      const { route } = file.names.route(row.routeId ?? 0);
      tally.add({ at: Number(at), attribution, route, ...chargeOf(file, row) });
    }
  };
}

function chargeOf(
  file: Files["file"],
  row: ReturnType<typeof readRow>,
): { readonly cost: Quantities; readonly counters: readonly CounterKey[] } {
  const { cost, counters } = decodeSettle(row, { operationId: "", attempt: 1 }, file.names);
  if (counters) return { cost, counters };
  const hold = file.journal.row(row.call ?? 0);
  assert(hold !== undefined, "a charge has a hold");
  return { cost, counters: file.countersOf(hold.seq, decodeHold(hold, file.names)) };
}
