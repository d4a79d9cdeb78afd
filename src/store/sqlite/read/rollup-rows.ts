/** Reads the roll-ups of a time, summed up by SQLite as far as the groups allow. */

import type { StatementSync } from "node:sqlite";
import { allRows, prepareRows } from "../journal/journal-file.ts";
import { statuses, type StatusCode } from "../../journal/kind.ts";
import { usagePlaces } from "../../journal/meter-number.ts";
import { dayHours, rollups, routeRollups, type Level, type Rollup } from "../schema.ts";
import { addLatencyText } from "../write/latency-text.ts";
import { addOpen, additionOf, joinPico } from "../write/rollup.ts";
import { chargeRoutes, type Source } from "./calls.ts";
import type { Groups, GroupSums, Place } from "./groups.ts";
import type { Selection } from "./selection.ts";

/**
 * What is summed: everything but latencies; calls and their cost; or latencies, as counts by bucket.
 */
export type Wanted = "sums" | "costs" | "latencies";

/** Receives the sums of a place and a time. */
export type Add = (
  place: Place,
  at: number,
  change: (sums: GroupSums, sign: 1 | -1) => void,
) => void;

interface RollupRange {
  readonly level: Level;
  /** Milliseconds since the epoch, whole units of the level; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  /** Whether the time of each unit is needed; otherwise the time of the sums is 0. */
  readonly isTimed: boolean;
}

interface Asked {
  readonly source: Source;
  readonly selection: Selection;
  readonly groups: Groups;
  readonly wanted: Wanted;
}

/** Up to this many ids go into an IN list for SQLite; with more, rows are filtered here. */
const listedIds = 500;

/** The columns before the sums: time, attribution, route and status, or 0 for those left out. */
const keyWidth = 4;

/** Reads the roll-ups for one question; each statement is prepared once. */
export class RollupRows {
  readonly #asked: Asked;
  readonly #statements = new Map<string, StatementSync>();
  /** Attributions to select from the rows; null if SQLite does it. */
  readonly #chosen: ReadonlySet<number> | null;
  /** By attribution only if the question asks for any: without, there are far fewer rows. */
  readonly #rollups: Readonly<Record<Level, Rollup>>;
  readonly #charges: readonly number[];
  /** The places of meters that may have counts; all until it pays to look. */
  #places: readonly number[] = allPlaces;

  constructor(asked: Asked) {
    this.#asked = asked;
    const { attributionIds } = asked.selection;
    const isLong = attributionIds !== null && attributionIds.length > listedIds;
    this.#chosen = isLong ? new Set(attributionIds) : null;
    const isByCaller = attributionIds !== null || asked.groups.needs("attribution_id");
    this.#rollups = isByCaller ? rollups : routeRollups;
    this.#charges = chargeRoutes(asked.source.names);
  }

  /**
   * Looks at the days of a range for the meters that are used there: most are not, and summing them
   * in many hours takes as long as all else. Call it before reading that range.
   */
  expect({ from, to }: Pick<RollupRange, "from" | "to">): void {
    if (this.#asked.wanted !== "sums" || to - from < expectedMs) return;
    const { table, time, unitMs } = routeRollups.day;
    const sums = usagePlaces.map((meter) => `sum(${meter})`).join(", ");
    const sql = `SELECT ${sums} FROM ${table} WHERE ${time} >= ? AND ${time} < ?`;
    const times = [from / unitMs - dayHours, to / unitMs + dayHours].map(clampTime);
    const [found = []] = allRows(prepareRows(this.#asked.source.database, sql), ...times);
    this.#places = allPlaces.filter((place) => Number(found[place] ?? 0) !== 0);
  }

  addTo(add: Add, range: RollupRange): void {
    const { wanted } = this.#asked;
    const places = wanted === "sums" ? this.#places : [];
    if (wanted === "latencies") {
      // By time, or the joined texts of years could exceed the longest text of SQLite.
      const timed = { ...range, isTimed: true };
      return this.#each(timed, "", (row) => add(row.place, row.at, latencyAdder(row.values)));
    }
    this.#each(range, "", (row) => add(row.place, row.at, sumsAdder(row.values, places)));
    if (wanted === "sums")
      this.#each(range, "_meter", (row) => add(row.place, row.at, openAdder(row.values)));
  }

  #each(range: RollupRange, suffix: "" | "_meter", take: (row: Row) => void): void {
    const { unitMs } = this.#rollups[range.level];
    const sql = this.#sql(range, suffix);
    const known = this.#statements.get(sql);
    const statement = known ?? prepareRows(this.#asked.source.database, sql);
    if (!known) this.#statements.set(sql, statement);
    const times = [clampTime(range.from / unitMs), clampTime(range.to / unitMs)];
    for (const row of allRows(statement, ...times)) {
      const [time, attributionId, routeId, status] = row;
      // Without GROUP BY, SQLite returns one row of nulls if there are no rows.
      if (row[keyWidth] === null || this.#chosen?.has(Number(attributionId)) === false) continue;
      const place = {
        attributionId: Number(attributionId),
        routeId: Number(routeId),
        status: Number(status),
      };
      take({ place, at: Number(time) * unitMs, values: row.slice(keyWidth) as Row["values"] });
    }
  }

  #sql({ level, isTimed }: RollupRange, suffix: "" | "_meter"): string {
    const { selection, groups, wanted } = this.#asked;
    const { attributionIds, routeIds, kinds } = selection;
    const { table, time } = this.#rollups[level];
    const column = (name: string, isNeeded: boolean): string => (isNeeded ? name : `0 AS ${name}`);
    const columns = [
      column(time, isTimed),
      column("attribution_id", this.#chosen !== null || groups.needs("attribution_id")),
      column("route_id", groups.needs("route_id")),
      column("status", groups.needs("status")),
    ];
    const grouped = columns.filter((name) => !name.startsWith("0"));
    if (suffix === "_meter") grouped.push("meter_id");
    const conditions = [
      `${time} >= ? AND ${time} < ?`,
      ...(attributionIds && !this.#chosen ? [isIn("attribution_id", attributionIds)] : []),
      ...(routeIds ? [isIn("route_id", routeIds)] : []),
      ...(kinds === null ? [] : [isIn("status", statusCodes(kinds))]),
      ...(wanted === "latencies" ? ["latencies <> ''"] : []),
    ];
    const sums = suffix === "_meter" ? "meter_id, sum(count)" : this.#sums();
    const groupBy = grouped.length === 0 ? "" : `GROUP BY ${grouped.join(", ")}`;
    return `SELECT ${columns.join(", ")}, ${sums} FROM ${table}${suffix} WHERE ${conditions.join(" AND ")} ${groupBy}`;
  }

  #sums(): string {
    const { wanted } = this.#asked;
    if (wanted === "latencies") return "group_concat(latencies, '')";
    const meters = wanted === "sums" ? this.#places.map((place) => usagePlaces[place]) : [];
    const sums = [...sumNames, ...meters].map((name) => `sum(${name})`);
    return [released, ...this.#chargeSums(), ...sums].join(", ");
  }

  /** Most ledgers have no charges. */
  #chargeSums(): readonly string[] {
    const ids = this.#charges;
    const of = (column: string): string =>
      ids.length === 0 ? "0" : `sum(CASE WHEN ${isIn("route_id", ids)} THEN ${column} ELSE 0 END)`;
    return [of(chargedCalls), of("cost_micro"), of("cost_pico")];
  }
}

const allPlaces = usagePlaces.map((_, place) => place);

/** Shorter ranges are read as fast as their days. */
const expectedMs = 3 * dayHours * rollups.hour.unitMs;

interface Row {
  readonly place: Place;
  readonly at: number;
  /** The columns after the key. */
  readonly values: readonly (number | string)[];
}

const chargedCalls = `CASE status WHEN ${statuses.released} THEN 0 ELSE calls END`;

const released = `sum(CASE status WHEN ${statuses.released} THEN calls ELSE 0 END)`;

/** After the sums of released calls and of charges, and before those of usage. */
const sumNames = ["calls", "refusals", "cost_micro", "cost_pico", "latency_ms", "timed"] as const;

/** @param places Of the meters after the other sums. */
function sumsAdder(
  values: Row["values"],
  places: readonly number[],
): (sums: GroupSums, sign: 1 | -1) => void {
  const [released = 0, charges = 0, chargeMicro = 0, chargeRest = 0, ...sums] =
    values as readonly number[];
  const [calls = 0, refusals = 0, micro = 0, rest = 0, latencyMs = 0, timed = 0, ...usage] = sums;
  const cost = joinPico(micro, rest);
  const chargeCost = joinPico(chargeMicro, chargeRest);
  return (into, sign) => {
    into.calls += sign * (calls - released);
    into.charges += sign * charges;
    into.chargeCost += sign === 1 ? chargeCost : -chargeCost;
    into.released += sign * released;
    into.refusals += sign * refusals;
    into.cost += sign === 1 ? cost : -cost;
    into.latencyMs += sign * latencyMs;
    into.timed += sign * timed;
    for (const [index, place] of places.entries())
      into.usage[place] = (into.usage[place] ?? 0) + sign * (usage[index] ?? 0);
  };
}

function openAdder([nameId, count]: Row["values"]): (sums: GroupSums, sign: 1 | -1) => void {
  return (sums, sign) => addOpen(sums, Number(nameId), sign * Number(count));
}

function latencyAdder([text]: Row["values"]): (sums: GroupSums, sign: 1 | -1) => void {
  return (sums, sign) => addLatencyText(sums.latencies, String(text), sign);
}

function isIn(column: string, ids: readonly number[]): string {
  return `${column} IN (${ids.join(", ")})`;
}

function statusCodes(kinds: readonly number[]): readonly number[] {
  const codes = new Set<StatusCode>();
  for (const kind of kinds) {
    const status = additionOf({ kind, amount: "0", body: "[[],[],0]" })?.status;
    if (status !== undefined) codes.add(status);
  }
  return [...codes];
}

/** A column cannot hold infinity. */
function clampTime(units: number): number {
  return Math.max(-1e13, Math.min(1e13, units));
}
