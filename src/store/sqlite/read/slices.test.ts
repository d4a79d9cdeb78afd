/** Tests how a range of time is split: the slices lead from an edge to the nearest whole unit. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { edgeOf, type Slice } from "./slices.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const start = Date.UTC(2026, 2, 10);

function lengths({ slices }: { readonly slices: readonly Slice[] }): readonly string[] {
  return slices.map(
    ({ origin, from, to, sign }) => `${(sign * (to - from)) / minuteMs} of ${origin}`,
  );
}

test("a day of India begins and ends half an hour and five hours from a UTC day", () => {
  const all = { origin: "day", quartersFrom: Number.NEGATIVE_INFINITY } as const;
  assert.deepEqual(lengths(edgeOf(start - 5.5 * hourMs, all)), ["-30 of quarter", "-300 of hour"]);
  const none = { origin: "day", quartersFrom: start } as const;
  assert.deepEqual(lengths(edgeOf(start - 5.5 * hourMs, none)), ["-30 of calls", "-300 of hour"]);
});

test("slices lead without a gap from any edge to the nearest unit, over short ways", () => {
  const origins = fc.constantFrom("day", "hour", "quarter", "calls");
  const edges = fc.integer({ min: -1e12, max: 2e12 });
  const most = { calls: 7.5, quarter: 30, hour: 720, day: 0 };
  fc.assert(
    fc.property(edges, origins, (at, origin) => {
      const { nearest, slices } = edgeOf(at, { origin, quartersFrom: Number.NEGATIVE_INFINITY });
      let place = at;
      for (const slice of slices) {
        assert.equal(slice.sign === 1 ? slice.to : slice.from, place);
        assert.ok(slice.to - slice.from <= most[slice.origin] * minuteMs);
        place = slice.sign === 1 ? slice.from : slice.to;
      }
      assert.equal(place, nearest);
    }),
  );
});

test("an open range has no edges", () => {
  const edge = edgeOf(Number.NEGATIVE_INFINITY, { origin: "day", quartersFrom: start });
  assert.deepEqual(edge, { nearest: Number.NEGATIVE_INFINITY, slices: [] });
});
