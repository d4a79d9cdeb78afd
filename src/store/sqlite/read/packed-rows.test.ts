/** Rows arrive in the main thread as they were read. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { buffersOf, pack, unpack } from "./packed-rows.ts";

const group = fc.dictionary(fc.constantFrom("model", "tag:a", "__proto__"), fc.string(), {
  noNullPrototype: true,
});
const bucket = fc.option(fc.integer());
const count = fc.oneof(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const cost = fc.oneof(fc.bigInt(-(2n ** 40n), 2n ** 40n), fc.bigInt(-(2n ** 80n), 2n ** 80n));
const usage = fc.dictionary(fc.constantFrom("input", "output", "tool:ocr", "pages"), count, {
  noNullPrototype: true,
});
const plain = { noNullPrototype: true };
const totals = fc.record(
  {
    group,
    bucket,
    calls: count,
    charges: count,
    released: count,
    refusals: count,
    cost,
    chargeCost: cost,
    usage,
    latencyMs: count,
    timed: count,
  },
  plain,
);
const latencies = fc.record(
  {
    group,
    bucket,
    counts: fc.array(fc.tuple(fc.nat(), count)).map((counts) => new Map(counts)),
  },
  plain,
);
const distinct = fc.record(
  { group: fc.option(group), end: fc.nat(), distinct: count, calls: count, cost },
  { requiredKeys: ["group", "distinct", "calls", "cost"], noNullPrototype: true },
);
const calls = fc.record(
  { seq: fc.nat(), cost, charges: fc.array(fc.record({ cost }, plain)) },
  plain,
);

for (const [method, row] of Object.entries({ totals, latencies, distinct, calls })) {
  test(`${method}: any rows are the same after they were packed`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array<unknown>(row, { maxLength: 30 }),
        fc.integer({ min: 1, max: 60 }),
        async (some, times) => {
          const rows = Array.from({ length: times }, () => some).flat();
          const parts = pack(method, rows);
          const sent = structuredClone(parts, { transfer: buffersOf(parts) });
          assert.deepStrictEqual(await unpack(sent), rows);
        },
      ),
      { numRuns: 60 },
    );
  });
}

test("the order of meters is kept", async () => {
  const row = {
    group: {},
    bucket: null,
    calls: 1,
    charges: 0,
    released: 0,
    refusals: 0,
    cost: 1n,
    chargeCost: 0n,
    latencyMs: 0,
    timed: 0,
  };
  const rows = [
    { ...row, usage: { output: 1, input: 2 } },
    { ...row, usage: { input: 3, output: 4 } },
  ];
  assert.equal(
    JSON.stringify(
      (await unpack(pack("totals", rows))).map(
        (one) => (one as typeof row & { usage: object }).usage,
      ),
    ),
    '[{"output":1,"input":2},{"input":3,"output":4}]',
  );
});

test("parts are small, also of long rows", () => {
  const rows = Array.from({ length: 400 }, (_, n) => ({
    n,
    text: "x".repeat(n < 200 ? 10 : 10_000),
  }));
  const sizes = pack("calls", rows).map((part) => ("cloned" in part ? part.cloned.length : 0));
  assert.ok(sizes.length > 20);
  const maps = Array.from({ length: 2000 }, (_, n) => ({
    group: { n: String(n) },
    bucket: n,
    counts: new Map(Array.from({ length: 100 }, (__, latency) => [latency, n])),
  }));
  const numbers = pack("latencies", maps).map((part) =>
    "numbers" in part ? part.numbers.length : 0,
  );
  assert.ok(Math.max(...numbers) < 5000);
});
