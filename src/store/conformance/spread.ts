/** Conformance tests: how latencies spread in a group of calls, and how many values a field has. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Ledger } from "../../app/port/ledger.ts";
import type { CallFilter, LedgerReader } from "../../app/port/reader.ts";
import type { Attribution } from "../../domain/attribution/attribution.ts";
import { latencyBucket } from "../../domain/latency/latency-bucket.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import { hold, outcome, putBudget, route, settle, start, usd } from "./fixture.ts";
import { using, type OpenStore } from "./store-under-test.ts";

const hourMs = 3_600_000;
const pages = openMeter("pages");

interface Call {
  readonly latencyMs: number;
  readonly team: string;
  readonly task?: string;
  readonly hours?: number;
}

async function make(ledger: Ledger, calls: readonly Call[]): Promise<void> {
  for (const [n, { latencyMs, team, task, hours = 0 }] of calls.entries()) {
    const at = start + hours * hourMs;
    const attribution: Attribution = { team, ...(task !== undefined && { task }) };
    await ledger.commit(hold(`op${n}`, usd(5), { at, attribution }));
    const end = outcome(usd(n + 1), { latencyMs });
    await ledger.commit(settle(`op${n}`, usd(n + 1), { at: at + 1000, outcome: end }));
  }
}

const calls: readonly Call[] = [
  { latencyMs: 120, team: "t1", task: "a" },
  { latencyMs: 120, team: "t1", task: "b" },
  { latencyMs: 7.4, team: "t2", task: "a", hours: 1 },
  { latencyMs: 90_000, team: "t1", task: "a", hours: 30 },
  { latencyMs: 5, team: "t3", hours: 31 },
];

async function countsOf(
  reader: LedgerReader,
  filter: CallFilter,
  bucketMs: number | null = null,
): Promise<readonly unknown[]> {
  const all = await reader.latencies(filter, ["team"], bucketMs);
  return all
    .map(({ group, bucket, counts }) => [group["team"], bucket, Object.fromEntries(counts)])
    .sort(byText);
}

function byText(left: unknown, right: unknown): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}

export function testLatencies(open: OpenStore): void {
  test("latencies are counted by group and time; refused and released calls have none", async () => {
    await using(open, async ({ ledger, reader }) => {
      await make(ledger, calls);
      await ledger.commit(hold("failed", usd(1), { attribution: { team: "t1" } }));
      const reason = "upstream failed";
      await ledger.commit({
        kind: "release",
        at: start,
        operationId: "failed",
        attempt: 1,
        reason,
      });
      await ledger.commit(putBudget("all", usd(0)));
      await ledger.commit(hold("refused", usd(1), { attribution: { team: "t1" } }));
      const [usual, long] = [latencyBucket(120), latencyBucket(90_000)];
      const expected = [
        ["t1", null, { [usual]: 2, [long]: 1 }],
        ["t2", null, { 7: 1 }],
        ["t3", null, { 5: 1 }],
      ];
      const wide = { from: start - 48 * hourMs, to: start + 72 * hourMs };
      // Ends that are no full hours are read from the calls themselves.
      const ragged = { from: start + 999, to: start + 31 * hourMs + 1001 };
      for (const filter of [{}, wide, ragged])
        assert.deepEqual(await countsOf(reader, filter), expected);
      assert.deepEqual(await countsOf(reader, { attribution: { team: "t1" } }, hourMs), [
        ["t1", start, { [usual]: 2 }],
        ["t1", start + 30 * hourMs, { [long]: 1 }],
      ]);
      assert.deepEqual(await countsOf(reader, { operationId: "op2" }), [["t2", null, { 7: 1 }]]);
      assert.deepEqual(await countsOf(reader, { status: "estimated" }), []);
    });
  });

  test("the latency of a late bill replaces the earlier one", async () => {
    await using(open, async ({ ledger, reader }) => {
      await make(ledger, [{ latencyMs: 8, team: "t1" }]);
      await ledger.commit(hold("open", usd(5), { attribution: { team: "t1" } }));
      const unknown = outcome(usd(3), { status: "unresolved", latencyMs: 6 });
      await ledger.commit(settle("open", usd(3), { outcome: unknown }));
      assert.deepEqual(await countsOf(reader, {}), [["t1", null, { 6: 1, 8: 1 }]]);
      const bill = outcome(usd(1), { latencyMs: 9 });
      await ledger.commit(
        settle("open", usd(1), { at: start + hourMs, outcome: bill, fingerprint: "bill" }),
      );
      assert.deepEqual(await countsOf(reader, {}), [["t1", null, { 8: 1, 9: 1 }]]);
      assert.equal((await reader.verify()).ok, true);
    });
  });
}

/** 40 calls within three hours: charged, failed, billed late, and refused. */
async function makeMixed(ledger: Ledger): Promise<void> {
  const at = (n: number): number => start + ((n * 17) % 40) * 270_000 + n;
  for (let n = 0; n < 40; n++) {
    const attribution = { team: `t${n % 3}` };
    await ledger.commit(hold(`op${n}`, usd(50), { at: at(n), attribution }));
    const call = { at: at(n) + 1000, operationId: `op${n}` };
    if (n % 7 === 3)
      await ledger.commit({ ...call, kind: "release", attempt: 1, reason: "upstream failed" });
    else {
      const status = n % 5 === 2 ? "unresolved" : "settled";
      const end = outcome(usd(n), { status, latencyMs: n + 1, usage: { input: n, [pages]: 2 } });
      await ledger.commit(settle(call.operationId, usd(n), { at: call.at, outcome: end }));
    }
    if (n % 10 !== 2) continue;
    const bill = outcome(usd(1), { latencyMs: 3, usage: { input: 4 } });
    const late = { at: call.at + hourMs, outcome: bill, fingerprint: "bill" };
    await ledger.commit(settle(call.operationId, usd(1), late));
  }
  await ledger.commit(putBudget("all", usd(0)));
  await ledger.commit(hold("refused", usd(1), { at: start + 700_000 }));
}

export function testPartsOfHours(open: OpenStore): void {
  test("the figures of any range, within hours too, are those of its calls", async () => {
    await using(open, async ({ ledger, reader }) => {
      await makeMixed(ledger);
      const times = fc.integer({ min: start - 1000, max: start + 3 * hourMs });
      const ranges = fc.uniqueArray(times, { minLength: 2, maxLength: 2 });
      const team = fc.constantFrom(undefined, "t0", "t2");
      await fc.assert(
        fc.asyncProperty(ranges, team, async ([one = 0, other = 0], wanted) => {
          const range = { from: Math.min(one, other), to: Math.max(one, other) };
          const filter = {
            ...range,
            ...(wanted !== undefined && { attribution: { team: wanted } }),
          };
          const ended = await reader.calls(filter, { limit: 100, before: null });
          const charged = ended.filter((call) => call.status !== "released");
          const totals = await reader.totals(filter, ["team", "status"], null);
          const sum = (of: (row: (typeof totals)[number]) => number): number =>
            totals.reduce((all, row) => all + of(row), 0);
          assert.deepEqual(
            [sum(({ calls: n }) => n), sum((row) => row.released), sum((row) => row.latencyMs)],
            [
              charged.length,
              ended.length - charged.length,
              charged.reduce((all, { latencyMs }) => all + latencyMs, 0),
            ],
          );
          assert.equal(
            totals.reduce((all, { cost }) => all + cost, 0n),
            charged.reduce((all, { cost }) => all + cost, 0n),
          );
          for (const meter of ["input", pages] as const)
            assert.equal(
              sum(({ usage }) => usage[meter] ?? 0),
              charged.reduce((all, { usage }) => all + (usage[meter] ?? 0), 0),
            );
          const expected = Map.groupBy(charged, ({ latencyMs }) =>
            String(latencyBucket(latencyMs)),
          );
          const [known] = await reader.latencies(filter, [], null);
          assert.deepEqual(
            Object.fromEntries(known?.counts ?? []),
            Object.fromEntries([...expected].map(([bucket, same]) => [bucket, same.length])),
          );
        }),
        { numRuns: 150 },
      );
    });
  });
}

export function testDistinct(open: OpenStore): void {
  test("values are counted once in each group, with the calls that have one and their cost", async () => {
    await using(open, async ({ ledger, reader }) => {
      await make(ledger, calls);
      const all = await reader.distinct({}, { by: [], of: "task", kept: null });
      assert.deepEqual(all, [{ group: {}, distinct: 2, calls: 4, cost: usd(10) }]);
      const byTeam = await reader.distinct({}, { by: ["team"], of: "task", kept: null });
      assert.deepEqual(
        byTeam.toSorted((left, right) => right.calls - left.calls),
        [
          { group: { team: "t1" }, distinct: 2, calls: 3, cost: usd(7) },
          { group: { team: "t2" }, distinct: 1, calls: 1, cost: usd(3) },
        ],
      );
      const own = await reader.distinct({}, { by: ["task"], of: "task", kept: null });
      assert.deepEqual(own.map(({ group, distinct }) => [group, distinct]).sort(byText), [
        [{ task: "a" }, 1],
        [{ task: "b" }, 1],
      ]);
    });
  });

  test("parts of a range are counted each for itself, or from the start of the range on", async () => {
    await using(open, async ({ ledger, reader }) => {
      await make(ledger, calls);
      const ends = [start + hourMs, start + 2 * hourMs, start + 3 * hourMs, start + 31 * hourMs];
      const filter = { from: start, attribution: { org: "unattributed" } };
      const countsOf = async (isCumulative: boolean): Promise<readonly unknown[]> => {
        const query = { by: [], of: "task", kept: null, steps: { ends, isCumulative } };
        const all = await reader.distinct(filter, query);
        return all.map((row) => [ends.indexOf(row.end ?? 0), row.distinct, row.calls, row.cost]);
      };
      assert.deepEqual(await countsOf(false), [
        [0, 2, 2, usd(3)],
        [1, 1, 1, usd(3)],
        [3, 1, 1, usd(4)],
      ]);
      assert.deepEqual(await countsOf(true), [
        [0, 2, 2, usd(3)],
        [1, 2, 3, usd(6)],
        [2, 2, 3, usd(6)],
        [3, 2, 4, usd(10)],
      ]);
    });
  });

  test("groups that are not kept are counted together, each value once", async () => {
    await using(open, async ({ ledger, reader }) => {
      await make(ledger, calls);
      const query = { by: ["team"], of: "task", kept: [["t3"]] };
      assert.deepEqual(await reader.distinct({}, query), [
        { group: null, distinct: 2, calls: 4, cost: usd(10) },
      ]);
    });
  });

  test("calls are found by endpoint and by key, also those without one", async () => {
    await using(open, async ({ ledger, reader }) => {
      const routes = [route, { ...route, endpoint: "embeddings" }, { ...route, keyId: null }];
      for (const [n, one] of routes.entries()) {
        await ledger.commit(hold(`op${n}`, usd(1), { route: one }));
        await ledger.commit(settle(`op${n}`, usd(1)));
      }
      const page = { limit: 10, before: null };
      const ids = async (filter: CallFilter): Promise<readonly string[]> =>
        (await reader.calls(filter, page)).map(({ operationId }) => operationId);
      assert.deepEqual(await ids({ endpoint: "embeddings" }), ["op1"]);
      assert.deepEqual(await ids({ keyId: "key_1" }), ["op1", "op0"]);
      assert.deepEqual(await ids({ keyId: "unattributed" }), ["op2"]);
      assert.equal((await reader.totals({ endpoint: "embeddings" }, [], null))[0]?.calls, 1);
    });
  });
}
