/** Compares the roll-ups with those recomputed from the journal into `temp.recomputed`. */

import type { DatabaseSync } from "node:sqlite";
import type { VerifyReport } from "../../../app/port/reader.ts";
import { allRows, prepareRows } from "../journal/journal-file.ts";
import { dayHours, sumColumns } from "../schema.ts";
import { hourMs, joinPico } from "../write/rollup.ts";

type Drift = VerifyReport["rollupDrift"];

/** @param most Further differences of each table are not listed. */
export function findRollupDrift(database: DatabaseSync, most: number): Drift {
  const kinds = [sums, meters, latencies].filter(({ suffix }) =>
    hasTable(database, `rollup${suffix}`),
  );
  return kinds.flatMap((table) => driftOf(database, table, most));
}

/** A file of an older version lacks the tables added since; it is verified as it is. */
export function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(name) !== undefined;
}

/** The tables of one kind of sums: by hour, by day, and recomputed by hour. */
interface RollupKind {
  /** What follows `rollup`, `rollup_day` and `temp.recomputed` in the tables' names. */
  readonly suffix: string;
  /** After the hour. */
  readonly key: string;
  /** The columns of sums, and how they are added up by day. */
  readonly columns: readonly string[];
  readonly byDay: (column: string) => string;
  /** Rows that a subtraction left empty are in one table, and perhaps not in the other. */
  readonly isUsed: string;
  readonly describe: (database: DatabaseSync, from: string, hours: readonly number[]) => string;
}

const callKey = "attribution_id, route_id, status";

const sums: RollupKind = {
  suffix: "",
  key: callKey,
  columns: sumColumns,
  byDay: carried,
  isUsed: "calls <> 0 OR refusals <> 0",
  describe: describeSums,
};

const meters: RollupKind = {
  suffix: "_meter",
  key: `${callKey}, meter_id`,
  columns: ["count"],
  byDay: (column) => `sum(${column}) AS ${column}`,
  isUsed: "count <> 0",
  describe: describeMeters,
};

const latencies: RollupKind = {
  ...meters,
  suffix: "_latency",
  key: `${callKey}, bucket`,
  describe: describeLatencies,
};

/** Rounds hours down to days, as in `rollup_day`, including hours before the epoch. */
const dayOfHour = `hour - ((hour % ${dayHours}) + ${dayHours}) % ${dayHours}`;

function carried(column: string): string {
  if (column === "cost_micro") return "sum(cost_micro) + sum(cost_pico) / 1000000 AS cost_micro";
  return column === "cost_pico"
    ? "sum(cost_pico) % 1000000 AS cost_pico"
    : `sum(${column}) AS ${column}`;
}

function driftOf(database: DatabaseSync, kind: RollupKind, most: number): Drift {
  const { suffix, key, columns, byDay, isUsed, describe } = kind;
  const recomputed = `temp.recomputed${suffix}`;
  const days = `(SELECT ${dayOfHour} AS hour, ${key}, ${columns.map(byDay).join(", ")}
    FROM ${recomputed} GROUP BY ${dayOfHour}, ${key})`;
  const rows = (table: string): string =>
    `SELECT hour, ${key}, ${columns.join(", ")} FROM ${table} WHERE ${isUsed}`;
  const only = (left: string, right: string): string =>
    `SELECT DISTINCT hour FROM (${rows(left)} EXCEPT ${rows(right)})`;
  const differ = (kept: string, journal: string): readonly number[] => {
    const sql = `${only(kept, journal)} UNION ${only(journal, kept)} ORDER BY hour LIMIT ${most}`;
    return allRows(prepareRows(database, sql)).map(([hour]) => Number(hour));
  };
  const drift = (hour: number, table: string, hours: number): Drift[number] => ({
    hour: new Date(hour * hourMs).toISOString(),
    kept: describe(database, table, [hour, hour + 1]),
    journal: describe(database, recomputed, [hour, hour + hours]),
  });
  const [hourly, daily] = [`rollup${suffix}`, `rollup_day${suffix}`];
  return [
    ...differ(hourly, recomputed).map((hour) => drift(hour, hourly, 1)),
    ...differ(daily, days).map((hour) => drift(hour, daily, dayHours)),
  ];
}

function describeSums(database: DatabaseSync, from: string, hours: readonly number[]): string {
  const sql = `SELECT sum(calls), sum(refusals), sum(cost_micro), sum(cost_pico) FROM ${from} WHERE hour >= ? AND hour < ?`;
  const [calls, refusals, micro, rest] = allRows(prepareRows(database, sql), ...hours)[0] ?? [];
  return `${Number(calls ?? 0)} calls, ${Number(refusals ?? 0)} refusals, ${joinPico(Number(micro ?? 0), Number(rest ?? 0))} pico-USD`;
}

function describeMeters(database: DatabaseSync, from: string, hours: readonly number[]): string {
  const sql = `SELECT text, sum(count) FROM ${from} LEFT JOIN name ON name_id = meter_id
    WHERE hour >= ? AND hour < ? GROUP BY meter_id ORDER BY meter_id`;
  const counts = allRows(prepareRows(database, sql), ...hours);
  return counts.map(([name, count]) => `${Number(count)} ${String(name)}`).join(", ") || "nothing";
}

function describeLatencies(database: DatabaseSync, from: string, hours: readonly number[]): string {
  const sql = `SELECT bucket, sum(count) FROM ${from} WHERE hour >= ? AND hour < ? GROUP BY bucket ORDER BY bucket`;
  const counts = allRows(prepareRows(database, sql), ...hours);
  const text = counts.map(([bucket, count]) => `${Number(count)} in ${Number(bucket)}`).join(", ");
  return `latencies by bucket: ${text || "none"}`;
}
