/** The tables of the embedded ledger, and the settings of every connection to them. */

import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PurserError } from "../../domain/error.ts";
import type { FixedMeter } from "../../domain/usage/usage.ts";
import { kinds, statuses } from "../journal/kind.ts";
import { outcomeRows, otherRows } from "./journal/kind-condition.ts";
import { linkCharges } from "./upgrade/link-charges.ts";
import { defineLatencyAggregate } from "./write/latency-text.ts";
import { usagePlaces } from "../journal/meter-number.ts";

/** Kept in `user_version`; a file with a higher number was written by a newer Purser. */
export const schemaVersion = 10;

/**
 * The columns of sums in a roll-up, after its key. Open meters have a table of their own;
 * `latencies` is a text (`write/latency-text.ts`).
 */
export const sumColumns = [
  "calls",
  "refusals",
  "cost_micro",
  "cost_pico",
  "latency_ms",
  "timed",
  ...usagePlaces,
] as const;

/** The roll-ups of calls, each by units of time. */
export type Level = "quarter" | "hour" | "day";

export interface Rollup {
  readonly table: string;
  /** The column of time, and what it counts since the epoch. */
  readonly time: string;
  readonly unitMs: number;
  /** The columns that identify a row, in addition to its time. */
  readonly key: readonly string[];
}

const hourMs = 3_600_000;
const callKey = ["attribution_id", "route_id", "status"];

/** Quarters of an hour: the offsets of all time zones are multiples of one. */
export const rollups: Readonly<Record<Level, Rollup>> = {
  quarter: { table: "rollup_quarter", time: "quarter", unitMs: hourMs / 4, key: callKey },
  hour: { table: "rollup", time: "hour", unitMs: hourMs, key: callKey },
  // The first hour of the day (UTC).
  day: { table: "rollup_day", time: "hour", unitMs: hourMs, key: callKey },
};

/** The same sums over all attributions, for questions that do not ask for any. */
export const routeRollups: Readonly<Record<Level, Rollup>> = {
  quarter: routeRollup(rollups.quarter, "route_quarter"),
  hour: routeRollup(rollups.hour, "route_hour"),
  day: routeRollup(rollups.day, "route_day"),
};

function routeRollup(rollup: Rollup, table: string): Rollup {
  return { ...rollup, table, key: ["route_id", "status"] };
}

const levels: readonly Level[] = ["quarter", "hour", "day"];

export const hourQuarters = 4;
export const dayHours = 24;

export type Durability = "full" | "process";

/** Meters added since the first version. */
const addedMeters: ReadonlySet<string> = new Set<FixedMeter>(["maps_grounding"]);

/** Added by version 10. */
const timed = "timed";

function firstColumns(): readonly string[] {
  return sumColumns.filter((column) => !addedMeters.has(column) && column !== timed);
}

const tables = `
  CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL, call INTEGER, operation_id TEXT, attempt INTEGER,
    attribution_id INTEGER, route_id INTEGER, amount INTEGER NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL);
  CREATE INDEX entry_operation ON entry (operation_id) WHERE operation_id IS NOT NULL;
  CREATE INDEX entry_call ON entry (call) WHERE call IS NOT NULL;
  CREATE INDEX entry_attribution ON entry (attribution_id) WHERE ${outcomeRows("kind")};
  CREATE INDEX entry_route ON entry (route_id) WHERE ${outcomeRows("kind")};
  CREATE INDEX entry_other ON entry (kind) WHERE ${otherRows("kind")};

  CREATE TABLE name (name_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, kind INTEGER NOT NULL, digest INTEGER NOT NULL, text TEXT NOT NULL);
  CREATE INDEX name_digest ON name (digest);
  CREATE TABLE shape (shape_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, text TEXT NOT NULL);

  CREATE TABLE counter (
    counter_id INTEGER PRIMARY KEY, spent TEXT NOT NULL, held TEXT NOT NULL, overrun TEXT NOT NULL, fired TEXT NOT NULL, window_end INTEGER);
  CREATE TABLE hold (seq INTEGER PRIMARY KEY);
  CREATE TABLE amendment (seq INTEGER PRIMARY KEY, replaces INTEGER NOT NULL, ended_at INTEGER NOT NULL);
  CREATE INDEX amendment_replaces ON amendment (replaces);
  CREATE TABLE hour (hour INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL);
  ${sumTable(rollups.hour, firstColumns())}
  ${sumTable(rollups.day, firstColumns())}
`;

/** What each version added to the one before it; the first version created the rest. */
const steps: readonly string[] = [
  tables,
  "CREATE TABLE staged (staged_id INTEGER PRIMARY KEY, batch TEXT NOT NULL);",
  // Older versions cannot read entries of recounted budgets and of moved holds.
  `CREATE INDEX entry_refusal ON entry (kind) WHERE kind = ${kinds.refusal};`,
  ["rollup", "rollup_day"]
    .map((table) => `ALTER TABLE ${table} ADD COLUMN maps_grounding INTEGER NOT NULL DEFAULT 0;`)
    .join(" "),
  // Older versions cannot read rows with open meters.
  [rollups.hour, rollups.day].map(meterTable).join(" "),
  // Older versions cannot read updates of the prices.
  "",
  // Older versions cannot read the removal of a price.
  "",
  [
    latencyTable("rollup"),
    latencyTable("rollup_day"),
    "CREATE TABLE latency_from (seq INTEGER NOT NULL);",
    "INSERT INTO latency_from SELECT coalesce(max(seq), 0) FROM entry;",
  ].join(" "),
  // A meter that gets a column later gets it in all three roll-ups, and is left out here.
  [
    // `call` is the hold of a charge that names a request. Calls of models have no row.
    `CREATE TABLE request_charge (
      request_id TEXT NOT NULL, call INTEGER NOT NULL, PRIMARY KEY (request_id, call)) WITHOUT ROWID;`,
    latencyColumn("rollup"),
    latencyColumn("rollup_day"),
    sumTable(rollups.quarter, [
      ...sumColumns.filter((column) => column !== timed),
      "latencies TEXT",
    ]),
    meterTable(rollups.quarter),
    "CREATE TABLE quarter_from (hour INTEGER NOT NULL);",
    `INSERT INTO quarter_from SELECT coalesce(max(hour) + 1, ${Number.MIN_SAFE_INTEGER}) FROM rollup;`,
  ].join(" "),
  [
    ...levels.map(timedColumn),
    ...levels.map(filledRouteRollup),
    // Each hour had one range, which a late row widened up to itself.
    `CREATE TABLE hour_rows (
      hour INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
      PRIMARY KEY (hour, first_seq)) WITHOUT ROWID;`,
    "INSERT INTO hour_rows SELECT hour, first_seq, last_seq FROM hour; DROP TABLE hour;",
    // The runs that closed were with the thresholds, and written with each change of their counter.
    `CREATE TABLE closing (
      counter_id INTEGER NOT NULL, run TEXT NOT NULL, PRIMARY KEY (counter_id, run)) WITHOUT ROWID;`,
    `INSERT INTO closing
      SELECT counter_id, mark.value FROM counter, json_each(fired) AS mark WHERE mark.type = 'text';`,
    `UPDATE counter SET fired =
      (SELECT json_group_array(value) FROM json_each(counter.fired) WHERE type <> 'text')
      WHERE counter_id IN (SELECT counter_id FROM closing);`,
  ].join(" "),
];

/**
 * A roll-up: `cost = cost_micro × 10^6 + cost_pico` pico-USD, which keeps sums within 64 bits.
 *
 * The counts of latencies are those of the charged calls after `latency_from`, the last entry when
 * the file was upgraded, whose latency is known; `timed` is their number and that of all before. Quarters of an hour are summed in hours from `quarter_from` on.
 */
export function rollupTable(rollup: Rollup): string {
  return sumTable(rollup, [...sumColumns, "latencies TEXT"]);
}

/** The roll-ups of a file, summed over all attributions. */
function filledRouteRollup(level: Level): string {
  const [from, to] = [rollups[level], routeRollups[level]];
  const key = [to.time, ...to.key].join(", ");
  const sums = sumColumns.map(summedColumn).join(", ");
  return `${rollupTable(to)} ${meterTable(to)}
    INSERT INTO ${to.table} (${key}, ${sumColumns.join(", ")}, latencies)
      SELECT ${key}, ${sums}, sum_latencies(latencies) FROM ${from.table} GROUP BY ${key};
    INSERT INTO ${to.table}_meter
      SELECT ${key}, meter_id, sum(count) FROM ${from.table}_meter GROUP BY ${key}, meter_id;`;
}

/** Adds up a column of {@link sumColumns} over several rows. */
export function summedColumn(column: string): string {
  if (column === "cost_micro") return "sum(cost_micro) + sum(cost_pico) / 1000000 AS cost_micro";
  return column === "cost_pico"
    ? "sum(cost_pico) % 1000000 AS cost_pico"
    : `sum(${column}) AS ${column}`;
}

/** @param columns Integers, unless they name their type. */
function sumTable({ table, time, key }: Rollup, columns: readonly string[]): string {
  const typed = columns.map((column) => (column.includes(" ") ? column : `${column} INTEGER`));
  return `CREATE TABLE ${table} (
    ${[time, ...key].map((column) => `${column} INTEGER NOT NULL`).join(", ")},
    ${typed.map((column) => `${column} NOT NULL`).join(", ")},
    PRIMARY KEY (${[time, ...key].join(", ")})) WITHOUT ROWID;`;
}

/** The sums of open meters that belong to a roll-up; `meter_id` is the meter's `name_id`. */
export function meterTable({ table, time, key }: Rollup): string {
  const columns = [time, ...key, "meter_id"];
  return `CREATE TABLE ${table}_meter (
    ${[...columns, "count"].map((column) => `${column} INTEGER NOT NULL`).join(", ")},
    PRIMARY KEY (${columns.join(", ")})) WITHOUT ROWID;`;
}

/** Version 8 had a row a bucket. */
function latencyTable(rollup: string): string {
  return `CREATE TABLE ${rollup}_latency (
    hour INTEGER NOT NULL, attribution_id INTEGER NOT NULL, route_id INTEGER NOT NULL, status INTEGER NOT NULL,
    bucket INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (hour, attribution_id, route_id, status, bucket)) WITHOUT ROWID;`;
}

function latencyColumn(rollup: string): string {
  const key = ["hour", "attribution_id", "route_id", "status"];
  const isSame = key.map((column) => `counted.${column} = ${rollup}.${column}`).join(" AND ");
  return `ALTER TABLE ${rollup} ADD COLUMN latencies TEXT NOT NULL DEFAULT '';
    UPDATE ${rollup} SET latencies = coalesce(
      (SELECT group_concat(bucket || ':' || count || ',', '' ORDER BY bucket)
       FROM ${rollup}_latency AS counted WHERE ${isSame} AND count <> 0), '');
    DROP TABLE ${rollup}_latency;`;
}

/**
 * Calls of unknown latency were in bucket 0, which comes first in the text, and has no others; entries
 * before `latency_from` are in none.
 */
function timedColumn(level: Level): string {
  const { table } = rollups[level];
  const { released, refused } = statuses;
  const end = "instr(latencies, ',')";
  return `ALTER TABLE ${table} ADD COLUMN timed INTEGER NOT NULL DEFAULT 0;
    UPDATE ${table} SET timed = calls WHERE status NOT IN (${released}, ${refused});
    UPDATE ${table} SET timed = timed - substr(latencies, 3, ${end} - 3), latencies = substr(latencies, ${end} + 1)
      WHERE latencies LIKE '0:%';`;
}

export function ledgerFile(directory: string): string {
  return join(directory, "ledger.db");
}

/**
 * Creates the tables of a new file, or upgrades a file of an older version.
 *
 * @throws PurserError `store_unavailable` if a newer version wrote the file.
 */
export function migrate(directory: string): void {
  const database = new DatabaseSync(ledgerFile(directory));
  try {
    const version = knownVersion(database, directory);
    if (version === schemaVersion) return;
    // SQLite gives its other files the same mode: only the owner may see who calls whom, and for
    // how much.
    chmodSync(ledgerFile(directory), 0o600);
    defineLatencyAggregate(database);
    const missing = steps.slice(version).join("\n");
    // Effective in a new file only. It lets us return freed pages: damage in a free page would go
    // unnoticed.
    database.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; BEGIN; ${missing}`);
    linkCharges(database);
    database.exec(`PRAGMA user_version = ${schemaVersion}; COMMIT;`);
  } finally {
    database.close();
  }
}

/**
 * The version of the file; 0 if it has no tables.
 *
 * @throws PurserError `store_unavailable` for a newer version.
 */
export function versionOf(directory: string): number {
  const database = new DatabaseSync(ledgerFile(directory), { readOnly: true });
  try {
    return knownVersion(database, directory);
  } finally {
    database.close();
  }
}

/** The error for a ledger that does not open; a `PurserError` is passed on as it is. */
export function cannotOpen(directory: string, cause: unknown): PurserError {
  if (cause instanceof PurserError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new PurserError(
    "store_unavailable",
    `the ledger in ${directory} cannot be opened: ${message}`,
    {
      field: "data",
      remedy:
        damageRemedyFor(cause) ?? "Check that the folder is writable and that the disk has room.",
      cause,
    },
  );
}

/** For a file that is not a ledger, or no longer one. */
export const damageRemedy =
  "Keep a copy of the data folder and restore the last backup that verifies, or choose another folder with --data.";

/** @returns The remedy for a damaged file; undefined if the error does not indicate damage. */
export function damageRemedyFor(cause: unknown): string | undefined {
  if (cause instanceof PurserError) return cause.detail.remedy;
  const isDamage =
    cause instanceof Error && "errcode" in cause && damageCodes.has(Number(cause.errcode) & 0xff);
  return isDamage ? damageRemedy : undefined;
}

/**
 * SQLITE_CORRUPT and SQLITE_NOTADB: the low byte of all codes that extend them
 * (https://sqlite.org/rescode.html, read 2026-11-22).
 */
const damageCodes: ReadonlySet<number> = new Set([11, 26]);

/** @throws PurserError `store_unavailable` for a newer version. */
export function knownVersion(database: DatabaseSync, directory: string): number {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version <= schemaVersion) return version;
  throw new PurserError(
    "store_unavailable",
    `${ledgerFile(directory)} has schema ${version}, but this version supports up to ${schemaVersion}`,
    {
      field: "data",
      remedy: "Start the newer Purser that wrote it, or choose another data folder.",
    },
  );
}

/** Opens the one connection that writes. */
export function openForWriting(directory: string, durability: Durability): DatabaseSync {
  const database = new DatabaseSync(ledgerFile(directory), { timeout: lockTimeoutMs });
  // Without a sync at each commit (NORMAL), writes survive a crash of the process, but perhaps not
  // of the machine.
  const synchronous = durability === "full" ? "FULL" : "NORMAL";
  database.exec(
    `PRAGMA synchronous = ${synchronous}; PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA cache_size = -65536;`,
  );
  return database;
}

/**
 * Not mapped into memory: each connection would count the whole file as memory of the process, and
 * questions are not faster for it (measured with a million calls).
 */
export function openForReading(directory: string): DatabaseSync {
  const database = new DatabaseSync(ledgerFile(directory), {
    readOnly: true,
    timeout: lockTimeoutMs,
  });
  database.exec("PRAGMA temp_store = FILE;");
  return database;
}

const lockTimeoutMs = 500;
const checkpointPages = 4000;
