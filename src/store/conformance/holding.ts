/** Conformance tests: a hold stays within every limit, and is made in all budgets or in none. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Ledger } from "../../app/port/ledger.ts";
import { pico } from "../../domain/money/money.ts";
import { attribution, hold, settle, start, tree, treeIds, usd } from "./fixture.ts";
import { only, using, type OpenStore } from "./store-under-test.ts";

export function testHolding(open: OpenStore): void {
  test("of 200 concurrent holds on four levels, exactly as many are admitted as fit", async () => {
    await using(open, async ({ ledger }) => {
      for (const command of tree([usd(100), usd(37), usd(50), usd(60)]))
        await ledger.commit(command);
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, n) => ledger.commit(hold(`op${n}`, usd(1)))),
      );
      assert.equal(answers.filter(({ admitted }) => admitted).length, 37);
      for (const id of treeIds) assert.equal(only(await ledger.balances(id, start)).held, usd(37));
      const refused = answers.find((answer) => !answer.admitted);
      assert.equal(refused?.admitted === false && refused.refusal.budgetId, "org");
    });
  });

  test("a hold is made in every budget or in none", async () => {
    await using(open, async ({ ledger }) => {
      for (const command of tree([usd(1), usd(10), usd(10), usd(10)])) await ledger.commit(command);
      const answer = await ledger.commit(hold("op", usd(2)));
      assert.equal(answer.admitted, false);
      for (const id of treeIds)
        assert.equal(
          (await ledger.balances(id, start)).every(({ held }) => held === 0n),
          true,
        );
      assert.deepEqual(await ledger.openHolds(), []);
    });
  });

  test("in any order of calls, spent plus held stays within the limit and ends as the sum of the charges", async () => {
    const call = fc.record({
      amount: fc.integer({ min: 1, max: 9 }),
      topUp: fc.integer({ min: 0, max: 3 }),
      end: fc.constantFrom("settle", "release", "expire"),
      share: fc.integer({ min: 0, max: 100 }),
      team: fc.constantFrom("t1", "t2"),
    });
    const property = fc.asyncProperty(fc.array(call, { maxLength: 30 }), async (calls) => {
      await using(open, async ({ ledger, reader }) => {
        for (const command of tree([usd(40), usd(30), usd(20), usd(15)]))
          await ledger.commit(command);
        const charged = await Promise.all(calls.map((one, n) => runCall(ledger, { ...one, n })));
        await ledger.commit({ kind: "expire", at: start + 10_000 });
        const sum = charged.reduce((total, cost) => total + cost, 0n);
        const balance = only(await ledger.balances("all", start));
        assert.deepEqual([balance.held, balance.spent, balance.overrun], [0n, sum, 0n]);
        for (const id of treeIds)
          for (const { available } of await ledger.balances(id, start))
            assert.equal(available >= 0n, true);
        assert.deepEqual(await ledger.openHolds(), []);
        assert.equal((await reader.verify()).ok, true);
      });
    });
    await fc.assert(property, { numRuns: 8 });
  });
}

interface RandomCall {
  readonly n: number;
  readonly amount: number;
  readonly topUp: number;
  readonly end: "settle" | "release" | "expire";
  readonly share: number;
  readonly team: string;
}

/** @returns The amount charged. */
async function runCall(
  ledger: Ledger,
  { n, amount, topUp, end, share, team }: RandomCall,
): Promise<bigint> {
  const operationId = `op${n}`;
  const command = hold(operationId, usd(amount), {
    attribution: { ...attribution, team },
    expiresAt: start + 5000,
  });
  const held = await ledger.commit(command);
  for (const id of treeIds)
    for (const balance of await ledger.balances(id, start))
      assert.equal(balance.available >= 0n, true);
  if (!held.admitted) return 0n;
  const more =
    topUp > 0
      ? await ledger.commit({
          kind: "top_up",
          at: start,
          operationId,
          attempt: 1,
          amount: { usd: usd(topUp), tokens: 1n, requests: 0n },
        })
      : { admitted: false };
  if (end === "expire") return 0n;
  if (end === "release") {
    await ledger.decide({
      kind: "release",
      at: start,
      operationId,
      attempt: 1,
      reason: "upstream failed",
    });
    return 0n;
  }
  const most = held.amount.usd + (more.admitted ? usd(topUp) : 0n);
  const cost = pico((most * BigInt(share)) / 100n);
  await ledger.decide(settle(operationId, cost));
  return cost;
}
