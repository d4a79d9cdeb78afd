/** Conformance tests: money that was spent without a hold is recorded once, at its own time. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Ledger } from "../../app/port/ledger.ts";
import type { RecordCommand } from "../../domain/ledger/command.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import { attribution, hold, outcome, putBudget, route, settle, start, usd } from "./fixture.ts";
import { only, rejects, using, type OpenStore } from "./store-under-test.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const everything = { limit: 1000, before: null };

function record(
  operationId: string,
  cost: PicoUsd,
  change: Partial<RecordCommand> = {},
): RecordCommand {
  return {
    kind: "record",
    at: start,
    startedAt: start,
    operationId,
    attribution,
    route,
    budgets: [],
    outcome: outcome(cost),
    fingerprint: `${operationId} costs ${cost}`,
    ...change,
  };
}

export function testRecording(open: OpenStore): void {
  test("a record is charged once, even after a restart, and past the limit", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(5)));
      const twice = [record("a", usd(7)), record("a", usd(7))];
      const answers = await Promise.all(twice.map((one) => store.ledger.commit(one)));
      assert.deepEqual(
        answers.map(({ repeated }) => repeated),
        [false, true],
      );
      const again = await store.reopen();
      const { repeated, cost } = await again.ledger.commit(record("a", usd(7)));
      assert.deepEqual([repeated, cost.usd], [true, usd(7)]);
      await rejects(again.ledger.commit(record("a", usd(8))), "conflict");
      const { spent, held, overrun } = only(await again.ledger.balances("all", start));
      assert.deepEqual([spent, held, overrun], [usd(7), 0n, usd(2)]);
      assert.deepEqual(await again.ledger.openHolds(), []);
      assert.equal((await again.ledger.commit(hold("next", usd(0.001)))).admitted, false);
      assert.equal((await again.reader.verify()).ok, true);
    });
  });

  test("a record and a call do not share an id", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.commit(hold("a", usd(1)));
      await rejects(ledger.commit(record("a", usd(1))), "conflict");
      await ledger.commit(settle("a", usd(1)));
      await rejects(ledger.commit(record("a", usd(1))), "conflict");
      await ledger.commit(record("b", usd(1)));
      const repeat = { repeat: "only", fingerprint: "f" } as const;
      await rejects(ledger.commit(hold("b", usd(1), repeat)), "conflict");
    });
  });

  test("a self-reported record is limited to what its budgets have left", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.commit(putBudget("all", usd(5)));
      await ledger.commit(hold("a", usd(2)));
      await rejects(ledger.commit(record("b", usd(3.1), { selfReported: true })), "forbidden");
      await ledger.commit(record("b", usd(3), { selfReported: true }));
      assert.equal(only(await ledger.balances("all", start)).available, 0n);
    });
  });

  test("usage of the past is in the sums of its hour, and in the budgets whose window is open", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(putBudget("month", usd(100)));
      await ledger.commit(putBudget("day", usd(100), { period: "day", anchor: 0 }));
      await ledger.commit(record("now", usd(1)));
      await ledger.commit(record("yesterday", usd(2), { startedAt: start - dayMs }));
      await ledger.commit(record("long ago", usd(4), { startedAt: start - 800 * dayMs }));
      const again = await store.reopen();
      assert.equal(await spentOf(again.ledger, "month"), usd(3));
      assert.equal(await spentOf(again.ledger, "day"), usd(1));
      const days = await again.reader.totals({}, [], dayMs);
      assert.deepEqual(
        days.map(({ bucket, cost }) => [bucket, cost]),
        [
          [dayOf(start - 800 * dayMs), usd(4)],
          [dayOf(start - dayMs), usd(2)],
          [dayOf(start), usd(1)],
        ],
      );
      const at = start - dayMs;
      const found = await again.reader.calls({ from: at, to: at + 1 }, everything);
      assert.deepEqual(
        found.map(({ operationId, startedAt, endedAt, recordedAt }) => [
          operationId,
          startedAt - at,
          endedAt - at,
          recordedAt,
        ]),
        [["yesterday", 0, 0, start]],
      );
      const [total] = await again.reader.totals({ from: at - 1, to: at + 1 }, [], null);
      assert.equal(total?.cost, usd(2));
      assert.equal((await again.reader.verify()).ok, true);
    });
  });

  test("records are corrected and recounted like calls, in any order", async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant("record" as const),
          daysAgo: fc.constantFrom(0, 0, 1, 5, 20, 70),
          recordedDaysAgo: fc.constantFrom(0, 0, 1, 18),
          cost: fc.integer({ min: 1, max: 9 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("correct" as const),
          which: fc.nat(9),
          cost: fc.nat(9),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("budget" as const),
          period: fc.constantFrom("day" as const, "month" as const, "year" as const),
        }),
      },
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      await using(open, async ({ ledger, reader }) => {
        const costs: { at: number; cost: PicoUsd }[] = [];
        const now = start;
        let period: "day" | "month" | "year" | null = null;
        for (const [n, one] of steps.entries()) {
          if (one.kind === "budget") {
            ({ period } = one);
            const put = putBudget("b", usd(1000), { period, anchor: 1 });
            await ledger.commit({ ...put, at: now });
          } else if (one.kind === "record") {
            const at = now - one.recordedDaysAgo * dayMs;
            const startedAt = at - one.daysAgo * dayMs;
            const command = record(`r${costs.length}`, usd(one.cost), { at, startedAt });
            await ledger.commit(command);
            costs.push({ at: startedAt, cost: usd(one.cost) });
          } else if (costs.length > 0) {
            const which = one.which % costs.length;
            await correct(ledger, { id: `r${which}`, cost: usd(one.cost), at: now, n });
            costs[which] = { at: costs[which]?.at ?? 0, cost: usd(one.cost) };
          }
          if (period !== null) await checkWindow(ledger, { period, now, costs });
        }
        assert.equal((await reader.verify()).ok, true);
        const [total] = await reader.totals({}, [], null);
        assert.equal(total?.cost ?? 0n, sum(costs));
      });
    });
    await fc.assert(property, { numRuns: 12 });
  });
}

type Costs = readonly { readonly at: number; readonly cost: bigint }[];

/** The spent amount of the current window is the sum over what was spent in it. */
async function checkWindow(
  ledger: Ledger,
  { period, now, costs }: { readonly period: string; readonly now: number; readonly costs: Costs },
): Promise<void> {
  const [balance] = await ledger.balances("b", now);
  const { windowStart = now } = balance?.counter ?? {};
  const counted = costs.filter(({ at }) => at >= windowStart && at <= now);
  assert.equal(balance?.spent ?? 0n, sum(counted), `${period}, ${new Date(now).toISOString()}`);
}

function sum(costs: Costs): bigint {
  return costs.reduce((total, { cost }) => total + cost, 0n);
}

async function correct(
  ledger: Ledger,
  { id, cost, at, n }: { id: string; cost: PicoUsd; at: number; n: number },
): Promise<void> {
  const { cost: _, ...corrected } = outcome(cost);
  await ledger.commit({
    kind: "correct",
    at,
    operationId: id,
    attempt: 1,
    amount: cost,
    outcome: corrected,
    reason: "the bill",
    fingerprint: `${n}`,
  });
}

async function spentOf(ledger: Ledger, budgetId: string): Promise<bigint> {
  return only(await ledger.balances(budgetId, start)).spent;
}

function dayOf(at: number): number {
  return Math.floor(at / dayMs) * dayMs;
}
