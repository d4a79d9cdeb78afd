/** Adds up what calls have cost for budgets that are counted anew: each call of their windows, by the moment at which it was held. */

import type { DatabaseSync } from "node:sqlite";
import { assert } from "../../../domain/assert.ts";
import { type Counted, Tally } from "../../../domain/ledger/recount.ts";
import type { CounterKey, Quantities } from "../../../domain/ledger/entry.ts";
import { pico } from "../../../domain/money/money.ts";
import { decodeHold, decodeSettle } from "../journal/decode.ts";
import { allRows, prepareRows, readRow, rowColumns, type RowValues } from "../journal/journal-file.ts";
import { kinds, outcomeRows } from "../journal/kind.ts";
import type { Source } from "./calls.ts";
import type { CountQuery } from "./query.ts";
import { seqRange } from "./selection.ts";

/** Rows between two reports of progress. */
const stride = 20_000;

/** @param progress Called with the share done, 0 to 1. */
export function countSpent(
  { database, file }: Pick<Source, "database" | "file">,
  { counting, lastSeq }: Omit<CountQuery, "method">,
  progress: (share: number) => void,
): readonly Counted[] {
  const newest = Number(database.prepare("SELECT max(seq) AS seq FROM entry").get()?.["seq"] ?? 0);
  assert(newest >= lastSeq, "what is to be counted stands in the tables");
  const tally = new Tally(counting);
  const from = Math.min(...counting.counts.map(({ window }) => window.start));
  // A call ends after it was held, so that none of the windows ended before their first hour.
  const { first } = seqRange(database, { from, to: Number.POSITIVE_INFINITY });
  const needsRows = counting.counts.some(({ budget, keepsCounted }) => keepsCounted || budget.currency !== "USD");
  const replaced = replacedBy(database, lastSeq);
  let read = 0;
  for (const values of outcomesOf(database, { first, last: lastSeq })) {
    const [heldAt = 0, ...columns] = values;
    const row = readRow(columns);
    if ((read += 1) % stride === 0) progress((row.seq - first) / (lastSeq - first + 1));
    if (Number(heldAt) < from || replaced.has(row.seq)) continue;
    const attribution = file.names.attribution(row.attributionId ?? 0);
    const { route } = file.names.route(row.routeId ?? 0);
    const { cost, counters } = needsRows ? wholeOf(row) : { cost: usdOnly(row.amount), counters: [] };
    tally.add({ at: Number(heldAt), attribution, route, counters, cost });
  }
  return tally.counted();

  function wholeOf(row: ReturnType<typeof readRow>): { readonly cost: Quantities; readonly counters: readonly CounterKey[] } {
    const holdRow = file.journal.row(row.call ?? 0);
    const settle = decodeSettle(row, { operationId: "", attempt: 1 }, file.names);
    if (settle.counters || !holdRow) return { cost: settle.cost, counters: settle.counters ?? [] };
    return { cost: settle.cost, counters: file.countersOf(holdRow.seq, decodeHold(holdRow, file.names)) };
  }
}

/** Outcomes that charged something, each with the moment of its hold before its own columns. */
function outcomesOf(
  database: DatabaseSync,
  { first, last }: { readonly first: number; readonly last: number },
): Iterable<RowValues> {
  const statement = prepareRows(
    database,
    `SELECT hold.at, ${rowColumns("entry")} FROM entry CROSS JOIN entry AS hold ON hold.seq = entry.call
     WHERE entry.seq BETWEEN ? AND ? AND ${outcomeRows("entry.kind")} AND entry.kind NOT IN (${kinds.release}, ${kinds.expire})`,
  );
  return statement.iterate(first, last) as Iterable<unknown> as Iterable<RowValues>;
}

/** Outcomes that a correction or a late settlement has replaced by then. */
function replacedBy(database: DatabaseSync, lastSeq: number): ReadonlySet<number> {
  const rows = allRows(prepareRows(database, "SELECT replaces FROM amendment WHERE seq <= ?"), lastSeq);
  return new Set(rows.map(([seq]) => Number(seq)));
}

function usdOnly(amount: string): Quantities {
  return { usd: pico(BigInt(amount)), tokens: 0n, requests: 0n };
}
