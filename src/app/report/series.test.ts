/** Tests the buckets and groups of figures over time. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../../domain/money/money.ts";
import type { Totals } from "../port/reader.ts";
import { edgesOf, series } from "./series.ts";

const at = (text: string): number => Date.parse(text);
const iso = (edges: readonly number[]): readonly string[] =>
  edges.map((edge) => new Date(edge).toISOString().slice(0, 16));

test("days begin at midnight of their time zone, also across a clock change", () => {
  const edges = edgesOf({
    from: at("2026-03-28T12:00:00Z"),
    to: at("2026-03-30T12:00:00Z"),
    bucket: "day",
    timeZone: "Europe/Berlin",
  });
  assert.deepEqual(iso(edges), [
    "2026-03-27T23:00",
    "2026-03-28T23:00",
    "2026-03-29T22:00",
    "2026-03-30T22:00",
  ]);
});

test("weeks begin on Monday and months on the first", () => {
  const weeks = edgesOf({
    from: at("2026-03-10T00:00:00Z"),
    to: at("2026-03-16T00:00:01Z"),
    bucket: "week",
    timeZone: "UTC",
  });
  assert.deepEqual(iso(weeks), ["2026-03-09T00:00", "2026-03-16T00:00", "2026-03-23T00:00"]);
  const months = edgesOf({
    from: at("2026-01-31T00:00:00Z"),
    to: at("2026-03-01T00:00:00Z"),
    bucket: "month",
    timeZone: "UTC",
  });
  assert.deepEqual(iso(months), ["2026-01-01T00:00", "2026-02-01T00:00", "2026-03-01T00:00"]);
});

test("hours of a zone with a half-hour offset begin on its own hour", () => {
  const edges = edgesOf({
    from: at("2026-03-10T12:00:00Z"),
    to: at("2026-03-10T13:00:00Z"),
    bucket: "hour",
    timeZone: "Asia/Kolkata",
  });
  assert.deepEqual(iso(edges), ["2026-03-10T11:30", "2026-03-10T12:30", "2026-03-10T13:30"]);
});

test("an unknown time zone, an empty range and too many buckets are refused with their field", () => {
  const range = {
    from: at("2026-03-10T00:00:00Z"),
    to: at("2026-03-11T00:00:00Z"),
    bucket: "day",
    timeZone: "UTC",
  } as const;
  assert.throws(
    () => edgesOf({ ...range, timeZone: "Mars/Olympus" }),
    /time_zone: "Mars\/Olympus" is unknown/,
  );
  assert.throws(() => edgesOf({ ...range, to: range.from }), /to: must be after/);
  assert.throws(
    () => edgesOf({ ...range, from: at("2020-01-01T00:00:00Z"), bucket: "hour" }),
    /more than 2000/,
  );
});

test("a bucket that would begin or end outside of the years of RFC 3339 is refused", () => {
  const days = { bucket: "day", timeZone: "UTC" } as const;
  const last = { from: at("9999-12-30T12:00:00Z"), to: at("9999-12-31T00:00:00Z") };
  assert.deepEqual(iso(edgesOf({ ...last, ...days })), ["9999-12-30T00:00", "9999-12-31T00:00"]);
  assert.throws(
    () => edgesOf({ ...last, to: at("9999-12-31T23:59:59Z"), ...days }),
    /to: its bucket ends after the year 9999/,
  );
  const first = { from: at("0000-01-01T12:00:00Z"), to: at("0000-01-02T00:00:00Z") };
  assert.throws(
    () => edgesOf({ ...first, ...days, timeZone: "Asia/Tokyo" }),
    /from: its bucket begins before the year 0000/,
  );
});

test("groups are sorted by cost, then by number of calls, both descending", async () => {
  const row = (project: string, cost: bigint, calls: number): Totals => ({
    group: { project },
    bucket: null,
    calls,
    charges: 0,
    released: 0,
    refusals: 0,
    cost: pico(cost),
    chargeCost: pico(0n),
    timed: 0,
    usage: {},
    latencyMs: 0,
  });
  const rows = [
    row("cheap", 1n, 9),
    row("few", 5n, 1),
    row("dear", 9n, 1),
    row("many", 5n, 3),
    row("cheap", 1n, 1),
  ];
  const query = {
    filter: {},
    from: 0,
    to: 1,
    bucket: "none",
    by: ["project"],
    timeZone: "UTC",
  } as const;
  const { groups, total } = await series({ totals: async () => rows }, query);
  assert.deepEqual(
    groups.map(({ group, calls }) => [group["project"], calls]),
    [
      ["dear", 1],
      ["many", 3],
      ["few", 1],
      ["cheap", 10],
    ],
  );
  assert.equal(total.cost, 21n);
});
