/**
 * Conformance tests: a new or changed budget starts with the spending of every call in its window.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger } from "../../app/port/ledger.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import { attribution, hold, outcome, putBudget, route, settle, start, usd } from "./fixture.ts";
import { using, type OpenStore } from "./store-under-test.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function testRecounting(open: OpenStore): void {
  test("a new budget has already spent the cost of the calls in its window", async () => {
    await using(open, async ({ ledger }) => {
      await call(ledger, "before", { amount: 1, at: start - 40 * dayMs });
      await call(ledger, "in", { amount: 2, at: start - dayMs });
      await ledger.commit(putBudget("all", usd(10)));
      assert.equal(await spent(ledger, "all"), usd(2));
    });
  });

  const changes: readonly (readonly [name: string, change: Partial<Budget>, expected: number])[] = [
    ["another time zone", { timeZone: "Asia/Tokyo" }, 3],
    ["a shorter period", { period: "day", anchor: 0 }, 1],
    ["a longer period", { period: "year" }, 7],
    ["another anchor", { anchor: 10 }, 1],
    [
      "once, from a moment on",
      { period: "once", anchor: 0, start: start - 10 * hourMs, end: start + dayMs },
      1,
    ],
    [
      "once, already over",
      { period: "once", anchor: 0, start: start - 60 * dayMs, end: start - 2 * dayMs },
      4,
    ],
    ["another resource", { budgetType: "team", resourceId: "t2" }, 2],
    ["another dimension", { budgetType: "project", resourceId: "p1" }, 1],
    ["another dimension of the same name", { budgetType: "team", resourceId: "main" }, 0],
    ["another unit", { currency: "requests", amount: 100n }, 2],
    ["only some models", { models: ["gpt-4*"] }, 2],
    ["only other providers", { providers: ["anthropic"] }, 0],
  ];
  for (const [name, change, expected] of changes) {
    test(`a budget changed to ${name} has spent the cost that it now counts, even after a restart`, async () => {
      await using(open, async (store) => {
        const { ledger } = store;
        await ledger.commit(putBudget("all", usd(100)));
        await call(ledger, "january", { amount: 4, at: start - 50 * dayMs });
        await call(ledger, "yesterday", {
          amount: 2,
          at: start - dayMs,
          attribution: { ...attribution, team: "t2", project: "p2" },
          model: "gpt-4o",
        });
        await call(ledger, "today", { amount: 1, at: start - hourMs });
        await ledger.commit({ ...putBudget("all", usd(100), change), when: "replace" });
        const inUnit = change.currency === "requests" ? BigInt(expected) : usd(expected);
        assert.equal(await spent(ledger, "all"), inUnit);
        const again = await store.reopen();
        assert.equal(await spent(again.ledger, "all"), inUnit);
        const report = await again.reader.verify();
        assert.deepEqual([report.drift, report.ok], [[], true]);
      });
    });
  }

  test("an open call moves to the new window with its hold and is charged there", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(putBudget("all", usd(10)));
      await ledger.commit(hold("charged", usd(1)));
      await ledger.commit(settle("charged", usd(1)));
      await ledger.commit(hold("open", usd(3)));
      await ledger.commit({
        ...putBudget("all", usd(10), { period: "day", anchor: 0 }),
        when: "replace",
      });
      assert.deepEqual(await balance(ledger, "all"), {
        spent: usd(1),
        held: usd(3),
        available: usd(6),
      });
      const again = await store.reopen();
      assert.deepEqual(await balance(again.ledger, "all"), {
        spent: usd(1),
        held: usd(3),
        available: usd(6),
      });
      await again.ledger.commit(settle("open", usd(2)));
      assert.deepEqual(await balance(again.ledger, "all"), {
        spent: usd(3),
        held: 0n,
        available: usd(7),
      });
      assert.equal((await again.reader.verify()).ok, true);
    });
  });

  test("a budget for every value has a counter for each value with calls in its window", async () => {
    await using(open, async ({ ledger }) => {
      for (let user = 0; user < 20; user += 1) {
        await call(ledger, `c${user}`, {
          amount: 1 + user,
          at: start - hourMs,
          attribution: { user: `u${user}` },
        });
      }
      await ledger.commit(
        putBudget("each", usd(100), {
          budgetType: "user",
          resourceId: "*",
          period: "day",
          anchor: 0,
        }),
      );
      const balances = (await ledger.balances("each", start)).map(
        ({ counter, spent: sum }) => [counter.value, sum] as const,
      );
      assert.deepEqual(
        new Map(balances),
        new Map(Array.from({ length: 20 }, (_, user) => [`u${user}`, usd(1 + user)] as const)),
      );
    });
  });

  test("a parent counts the past calls of a new child and keeps them when the child leaves", async () => {
    await using(open, async ({ ledger }) => {
      await call(ledger, "a", { amount: 2, at: start - hourMs });
      await ledger.commit(putBudget("org", usd(100), { budgetType: "org", resourceId: "other" }));
      assert.equal(await spent(ledger, "org"), 0n);
      const child = { budgetType: "team", resourceId: "t1" } as const;
      await ledger.commit(putBudget("team", usd(10), { ...child, parentBudgetId: "org" }));
      assert.deepEqual([await spent(ledger, "team"), await spent(ledger, "org")], [usd(2), usd(2)]);
      await ledger.commit({ ...putBudget("team", usd(10), child), when: "replace" });
      assert.deepEqual([await spent(ledger, "team"), await spent(ledger, "org")], [usd(2), usd(2)]);
    });
  });

  test("a charge made while a budget is being counted counts once", async () => {
    await using(open, async ({ ledger, reader }) => {
      for (let number = 0; number < 50; number += 1)
        await ledger.commit(hold(`c${number}`, usd(1)));
      const put = ledger.commit(putBudget("all", usd(1000)));
      for (let number = 0; number < 50; number += 1) {
        await ledger.decide(settle(`c${number}`, usd(1)));
        if (number % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await put;
      assert.deepEqual(await balance(ledger, "all"), {
        spent: usd(50),
        held: 0n,
        available: usd(950),
      });
      assert.equal((await reader.verify()).ok, true);
    });
  });

  test("a correction or late settlement after the change counts in the new window", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(putBudget("all", usd(10)));
      await ledger.commit(hold("guess", usd(5)));
      await ledger.commit(
        settle("guess", usd(5), { outcome: outcome(usd(5), { status: "unresolved" }) }),
      );
      await ledger.commit(hold("late", usd(1), { repeat: "only", expiresAt: start + 1 }));
      await ledger.commit({ kind: "expire", at: start + 2 });
      await ledger.commit({
        ...putBudget("all", usd(10), { period: "day", anchor: 0 }),
        when: "replace",
      });
      assert.equal(await spent(ledger, "all"), usd(5));
      await ledger.commit(settle("guess", usd(2)));
      await ledger.commit(settle("late", usd(1)));
      assert.equal(await spent(ledger, "all"), usd(3));
      const again = await store.reopen();
      assert.equal(await spent(again.ledger, "all"), usd(3));
      assert.equal((await again.reader.verify()).ok, true);
    });
  });

  test("a token or request budget created late counts past calls", async () => {
    await using(open, async ({ ledger }) => {
      await call(ledger, "a", { amount: 2, at: start - hourMs });
      await call(ledger, "b", { amount: 2, at: start - hourMs });
      await ledger.commit(putBudget("tokens", usd(1), { currency: "tokens" }));
      await ledger.commit(putBudget("requests", usd(1), { currency: "requests" }));
      assert.deepEqual(
        [await spent(ledger, "tokens"), await spent(ledger, "requests")],
        [200n, 2n],
      );
    });
  });
}

interface CallOptions {
  readonly amount: number;
  readonly at: number;
  readonly attribution?: typeof attribution;
  readonly model?: string;
}

/** A call that is held and charged at a given moment. */
async function call(ledger: Ledger, operationId: string, options: CallOptions): Promise<void> {
  const { amount, at, attribution: whose = attribution, model = route.model } = options;
  await ledger.commit(
    hold(operationId, usd(amount), { at, attribution: whose, route: { ...route, model } }),
  );
  await ledger.commit(settle(operationId, usd(amount), { at: at + 1000 }));
}

async function spent(ledger: Ledger, budgetId: string): Promise<bigint> {
  const balances = await ledger.balances(budgetId, start);
  return balances.reduce((sum, one) => sum + one.spent, 0n);
}

async function balance(ledger: Ledger, budgetId: string): Promise<object> {
  const [{ spent: sum, held, available } = { spent: 0n, held: 0n, available: 0n }] =
    await ledger.balances(budgetId, start);
  return { spent: sum, held, available };
}
