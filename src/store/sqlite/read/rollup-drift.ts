/** Compares the roll-ups with those recomputed from the journal into `temp.recomputed`. */

import type { DatabaseSync } from "node:sqlite";
import type { VerifyReport } from "../../../app/port/reader.ts";
import { allRows, prepareRows } from "../journal/journal-file.ts";
import {
  dayHours,
  hourQuarters,
  rollups,
  routeRollups,
  sumColumns,
  summedColumn,
  type Level,
  type Rollup,
} from "../schema.ts";
import { addLatencyText, defineLatencyAggregate } from "../write/latency-text.ts";
import { joinPico, readQuarterFrom } from "../write/rollup.ts";

type Drift = VerifyReport["rollupDrift"];

/** The sums of each quarter of an hour, from the journal. */
export const recomputed: Rollup = { ...rollups.quarter, table: "temp.recomputed" };

/** @param most Further differences of each table are not listed. */
export function findRollupDrift(database: DatabaseSync, most: number): Drift {
  defineLatencyAggregate(database);
  return [sums, latencies, meters].flatMap((kind) =>
    kept.flatMap(({ level, rollup }) => {
      const table = rollup.table + kind.suffix;
      const columns = kind.columns.filter((column) => hasColumn(database, table, column));
      if (columns.length === 0) return [];
      // Before, unknown latencies were in the first bucket.
      if (kind === latencies && !hasColumn(database, table, "timed")) return [];
      return driftOf(database, { ...kind, columns }, { level, rollup, most });
    }),
  );
}

/** A file of an older version lacks the tables and columns added since; it is verified as it is. */
export function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(name) !== undefined;
}

interface Kept {
  readonly level: Level;
  readonly rollup: Rollup;
}

const levels: readonly Level[] = ["hour", "day", "quarter"];

const kept: readonly Kept[] = [rollups, routeRollups].flatMap((byLevel) =>
  levels.map((level) => ({ level, rollup: byLevel[level] })),
);

/** What is summed, in tables of each level, and in the recomputed ones. */
interface RollupKind {
  /** What follows the name of the roll-up in the table's name. */
  readonly suffix: string;
  /** The columns of the key after those of the roll-up. */
  readonly key: readonly string[];
  /** The columns of sums, and how they are added up over several quarters. */
  readonly columns: readonly string[];
  readonly summed: (column: string) => string;
  /** Rows that a subtraction left empty are in one table, and perhaps not in the other. */
  readonly isUsed: string;
  readonly describe: (database: DatabaseSync, from: string) => string;
}

const sums: RollupKind = {
  suffix: "",
  key: [],
  columns: sumColumns,
  summed: summedColumn,
  isUsed: "calls <> 0 OR refusals <> 0",
  describe: describeSums,
};

const latencies: RollupKind = {
  ...sums,
  columns: ["latencies"],
  summed: (column) => `sum_latencies(${column}) AS ${column}`,
  isUsed: "latencies <> ''",
  describe: describeLatencies,
};

const meters: RollupKind = {
  suffix: "_meter",
  key: ["meter_id"],
  columns: ["count"],
  summed: (column) => `sum(${column}) AS ${column}`,
  isUsed: "count <> 0",
  describe: describeMeters,
};

function hasColumn(database: DatabaseSync, table: string, column: string): boolean {
  const known = database.prepare("SELECT 1 FROM pragma_table_info(?) WHERE name = ?");
  return known.get(table, column) !== undefined;
}

/** Rounds quarters down, including those before the epoch. */
function rounded(quarters: number): string {
  return `(quarter - ((quarter % ${quarters}) + ${quarters}) % ${quarters})`;
}

/** The unit of a level in which a recomputed quarter is. */
const unitOfQuarter: Readonly<Record<Level, string>> = {
  quarter: "quarter",
  hour: `${rounded(hourQuarters)} / ${hourQuarters}`,
  day: `${rounded(dayHours * hourQuarters)} / ${hourQuarters}`,
};

function driftOf(
  database: DatabaseSync,
  { suffix, key: last, columns, summed, isUsed, describe }: RollupKind,
  { level, rollup, most }: Kept & { readonly most: number },
): Drift {
  const { table, time, unitMs } = rollup;
  const key = [...rollup.key, ...last].join(", ");
  const unit = unitOfQuarter[level];
  const from = level === "quarter" ? readQuarterFrom(database) * hourQuarters : null;
  const since = from === null ? "" : `WHERE quarter >= ${from}`;
  const journal = `(SELECT ${unit} AS ${time}, ${key}, ${columns.map(summed).join(", ")}
    FROM ${recomputed.table}${suffix} ${since} GROUP BY ${unit}, ${key})`;
  const stored = table + suffix;
  const rows = (source: string): string =>
    `SELECT ${time}, ${key}, ${columns.join(", ")} FROM ${source} WHERE ${isUsed}`;
  const only = (left: string, right: string): string =>
    `SELECT DISTINCT ${time} FROM (${rows(left)} EXCEPT ${rows(right)})`;
  const sql = `${only(stored, journal)} UNION ${only(journal, stored)} ORDER BY ${time} LIMIT ${most}`;
  return allRows(prepareRows(database, sql)).map(([at]) => ({
    hour: new Date(Number(at) * unitMs).toISOString(),
    kept: describe(database, `${stored} WHERE ${time} = ${Number(at)}`),
    journal: describe(database, `${journal} WHERE ${time} = ${Number(at)}`),
  }));
}

function describeSums(database: DatabaseSync, from: string): string {
  const sql = `SELECT sum(calls), sum(refusals), sum(cost_micro), sum(cost_pico) FROM ${from}`;
  const [calls, refusals, micro, rest] = allRows(prepareRows(database, sql))[0] ?? [];
  return `${Number(calls ?? 0)} calls, ${Number(refusals ?? 0)} refusals, ${joinPico(Number(micro ?? 0), Number(rest ?? 0))} pico-USD`;
}

function describeMeters(database: DatabaseSync, from: string): string {
  const sql = `SELECT text, total FROM (SELECT meter_id, sum(count) AS total FROM ${from} GROUP BY meter_id)
    LEFT JOIN name ON name_id = meter_id ORDER BY meter_id`;
  const counts = allRows(prepareRows(database, sql));
  return counts.map(([name, count]) => `${Number(count)} ${String(name)}`).join(", ") || "nothing";
}

function describeLatencies(database: DatabaseSync, from: string): string {
  const counts = new Map<number, number>();
  for (const [text] of allRows(prepareRows(database, `SELECT latencies FROM ${from}`)))
    addLatencyText(counts, String(text));
  const sorted = [...counts].sort(([left], [right]) => left - right);
  const text = sorted.map(([bucket, count]) => `${count} in ${bucket}`).join(", ");
  return `latencies by bucket: ${text || "none"}`;
}
