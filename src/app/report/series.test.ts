/** Tests the buckets and groups of figures over time. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { windowAt } from "../../domain/budget/window.ts";
import { pico } from "../../domain/money/money.ts";
import type { Totals } from "../port/reader.ts";
import { edgesOf, series } from "./series.ts";

const at = (text: string): number => Date.parse(text);
const iso = (edges: readonly number[]): readonly string[] =>
  edges.map((edge) => new Date(edge).toISOString().slice(0, 16));

test("days begin at midnight of their time zone, also across a clock change", async () => {
  const edges = await edgesOf({
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

test("weeks begin on Monday and months on the first", async () => {
  const weeks = await edgesOf({
    from: at("2026-03-10T00:00:00Z"),
    to: at("2026-03-16T00:00:01Z"),
    bucket: "week",
    timeZone: "UTC",
  });
  assert.deepEqual(iso(weeks), ["2026-03-09T00:00", "2026-03-16T00:00", "2026-03-23T00:00"]);
  const months = await edgesOf({
    from: at("2026-01-31T00:00:00Z"),
    to: at("2026-03-01T00:00:00Z"),
    bucket: "month",
    timeZone: "UTC",
  });
  assert.deepEqual(iso(months), ["2026-01-01T00:00", "2026-02-01T00:00", "2026-03-01T00:00"]);
});

test("hours of a zone with a half-hour offset begin on its own hour", async () => {
  const edges = await edgesOf({
    from: at("2026-03-10T12:00:00Z"),
    to: at("2026-03-10T13:00:00Z"),
    bucket: "hour",
    timeZone: "Asia/Kolkata",
  });
  assert.deepEqual(iso(edges), ["2026-03-10T11:30", "2026-03-10T12:30", "2026-03-10T13:30"]);
});

test("each hour is the one that the calendar has, across clock changes of an hour and of half one", async () => {
  const zones = [
    "UTC",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Antarctica/Troll",
  ];
  const changes = [
    "2026-03-29T01:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-10-03T15:30:00Z",
    "2026-10-25T01:00:00Z",
  ];
  for (const timeZone of zones)
    for (const change of changes) {
      const [from, to] = [at(change) - 40 * 3_600_000 - 1234, at(change) + 30 * 3_600_000];
      const hours: number[] = [];
      let end = from;
      while (end < to) {
        const hour = { period: "hour", timeZone, anchor: 0, start: null, end: null } as const;
        const window = windowAt(hour, end);
        assert.ok(typeof window !== "string" && window.end !== null);
        hours.push(window.start);
        end = window.end;
      }
      const edges = await edgesOf({ from, to, bucket: "hour", timeZone });
      assert.deepEqual(edges, [...hours, end], `${timeZone} ${change}`);
    }
});

test("an unknown time zone, an empty range and too many buckets are refused with their field", async () => {
  const range = {
    from: at("2026-03-10T00:00:00Z"),
    to: at("2026-03-11T00:00:00Z"),
    bucket: "day",
    timeZone: "UTC",
  } as const;
  await assert.rejects(
    edgesOf({ ...range, timeZone: "Mars/Olympus" }),
    /time_zone: "Mars\/Olympus" is unknown/,
  );
  await assert.rejects(edgesOf({ ...range, to: range.from }), /to must be after/);
  await assert.rejects(
    edgesOf({ ...range, from: at("2020-01-01T00:00:00Z"), bucket: "hour" }),
    /more than 2000/,
  );
});

test("a bucket that would begin or end outside of the years of RFC 3339 is refused", async () => {
  const days = { bucket: "day", timeZone: "UTC" } as const;
  const last = { from: at("9999-12-30T12:00:00Z"), to: at("9999-12-31T00:00:00Z") };
  assert.deepEqual(iso(await edgesOf({ ...last, ...days })), [
    "9999-12-30T00:00",
    "9999-12-31T00:00",
  ]);
  await assert.rejects(
    edgesOf({ ...last, to: at("9999-12-31T23:59:59Z"), ...days }),
    /to: its bucket ends after the year 9999/,
  );
  const first = { from: at("0000-01-01T12:00:00Z"), to: at("0000-01-02T00:00:00Z") };
  await assert.rejects(
    edgesOf({ ...first, ...days, timeZone: "Asia/Tokyo" }),
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
