/**
 * Conformance tests: what a ledger keeps across a restart, and while the disk cannot be written.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger } from "../../app/port/ledger.ts";
import { PurserError } from "../../domain/error.ts";
import type { UpdatePricesCommand } from "../../domain/ledger/command.ts";
import { pico } from "../../domain/money/money.ts";
import { stateOf, type PriceUpdate } from "../../domain/price/update/price-update.ts";
import {
  attribution,
  hold,
  outcome,
  putBudget,
  settle,
  start,
  tree,
  treeIds,
  usd,
  usualOutcome,
} from "./fixture.ts";
import { only, rejects, using, type OpenStore } from "./store-under-test.ts";

export function testReopening(open: OpenStore): void {
  test("balances, holds, budgets, keys and prices survive a restart", async () => {
    await using(open, async (store) => {
      await fill(store.ledger);
      const before = await snapshot(store.ledger);
      const again = await store.reopen();
      assert.deepEqual(await snapshot(again.ledger), before);
      assert.equal((await again.ledger.holdOf("open"))?.amount.usd, usd(3));
      assert.equal((await again.reader.verify()).ok, true);
    });
  });

  test("a period of a scheduled export is recorded as made once; epochs are numbered", async () => {
    await using(open, async ({ ledger }) => {
      const end = { kind: "end_export", at: start, run: testRun } as const;
      const failed = await ledger.commit({ ...end, run: { ...testRun, error: "no folder" } });
      assert.deepEqual(failed, { repeated: false });
      assert.equal(ledger.exportState("finance")?.done, null);
      assert.deepEqual(await ledger.commit(end), { repeated: false });
      assert.deepEqual(await ledger.commit(end), { repeated: true });
      assert.equal(ledger.exportState("finance")?.done?.at, start);
      for (const epochId of ["epoch-1", "epoch-2"])
        assert.equal((await ledger.commit(startEpoch)).epoch.epochId, epochId);
    });
  });

  test("a threshold fires once per counter, even across a restart", async () => {
    await using(open, async (store) => {
      const thresholds = [500_000, 800_000].map((partsPerMillion) => ({
        partsPerMillion,
        action: "notify" as const,
      }));
      await store.ledger.commit(putBudget("all", usd(10), { thresholds }));
      const first = await charge(store.ledger, "a", 6);
      const second = await charge(store.ledger, "b", 1);
      const again = await store.reopen();
      const third = await charge(again.ledger, "c", 0.5);
      const fourth = await charge(again.ledger, "d", 1);
      assert.deepEqual([first, second, third, fourth], [[500_000], [], [], [800_000]]);
      const alerts = await again.reader.alerts({ budgetId: null, limit: 10, before: null });
      assert.deepEqual(
        alerts.map(({ partsPerMillion, spent }) => [partsPerMillion, spent]),
        [
          [800_000, usd(8.5)],
          [500_000, usd(6)],
        ],
      );
    });
  });

  test("a commit makes earlier decisions durable too", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(10)));
      await store.ledger.commit(hold("first", usd(1)));
      const settled = store.ledger.decide(settle("first", usd(1)));
      await store.ledger.commit(hold("second", usd(1)));
      assert.equal((await settled).repeated, false);
      const calls = await store.reader.calls({}, { limit: 10, before: null });
      assert.deepEqual(
        calls.map(({ operationId }) => operationId),
        ["first"],
      );
    });
  });
}

export function testUpdatingPrices(open: OpenStore): void {
  test("an update of the prices is one entry, with all its rows, and survives a restart", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(updatePrices("first", null));
      const kept = { ...testUpdate("first"), at: start, revertedAt: null };
      assert.deepEqual(store.ledger.priceUpdates(), [kept]);
      const again = await store.reopen();
      assert.deepEqual(again.ledger.priceUpdates(), [kept]);
      const report = await again.reader.verify();
      assert.deepEqual([report.ok, report.entries], [true, 1]);
    });
  });

  test("an update that compared an older book is refused", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.commit(updatePrices("first", null));
      await rejects(ledger.commit(updatePrices("second", null)), "conflict");
      await ledger.commit(updatePrices("second", stateOf(ledger.priceUpdates())));
      assert.deepEqual(
        ledger.priceUpdates().map(({ updateId }) => updateId),
        ["first", "second"],
      );
      const before = stateOf(ledger.priceUpdates());
      await ledger.commit({ kind: "revert_prices", updateId: "first", at: start });
      await rejects(ledger.commit(updatePrices("third", before)), "conflict");
    });
  });

  test("a reverted update is kept, with the time of its end, and is reverted once", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(updatePrices("first", null));
      await ledger.commit(updatePrices("second", stateOf(ledger.priceUpdates())));
      const revert = { kind: "revert_prices", updateId: "first" } as const;
      const first = await ledger.commit({ ...revert, at: start + 5 });
      const second = await ledger.commit({ ...revert, at: start + 9 });
      assert.deepEqual(
        [first.repeated, second.repeated, second.update.revertedAt],
        [false, true, start + 5],
      );
      await rejects(ledger.commit({ ...revert, updateId: "none", at: start }), "not_found");
      const again = await store.reopen();
      assert.deepEqual(
        again.ledger.priceUpdates().map(({ updateId, revertedAt }) => [updateId, revertedAt]),
        [
          ["first", start + 5],
          ["second", null],
        ],
      );
      assert.equal((await again.reader.verify()).ok, true);
    });
  });
}

export function testRemovingPrices(open: OpenStore): void {
  test("a removed price is kept, with the time of its end, and is removed once", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      const put = { kind: "put_price", at: start, price: testPrice } as const;
      const ids = [await ledger.commit(put), await ledger.commit(put)].map(
        ({ price }) => price.priceId,
      );
      assert.deepEqual(ids, ["price_1", "price_2"]);
      const remove = { kind: "remove_price", priceId: "price_1" } as const;
      const first = await ledger.commit({ ...remove, at: start + 5 });
      const second = await ledger.commit({ ...remove, at: start + 9 });
      assert.deepEqual(
        [first.repeated, second.repeated, second.price.removedAt],
        [false, true, start + 5],
      );
      await rejects(ledger.commit({ ...remove, priceId: "price_3", at: start }), "not_found");
      const again = await store.reopen();
      assert.deepEqual(
        again.ledger.prices().map(({ priceId, setAt, removedAt }) => [priceId, setAt, removedAt]),
        [
          ["price_1", start, start + 5],
          ["price_2", start, null],
        ],
      );
      assert.equal((await again.reader.verify()).ok, true);
    });
  });
}

export function testFailing(open: OpenStore): void {
  test("while writes fail, commits fail and change nothing; ends of calls are kept", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(putBudget("all", usd(10)));
      await ledger.commit(hold("open", usd(2)));
      store.fail();
      const charged = ledger.decide(settle("open", usd(1)));
      await rejects(ledger.commit(hold("refused", usd(3))), "store_unavailable");
      await rejects(ledger.commit(hold("refused too", usd(3))), "store_unavailable");
      assert.equal(ledger.problem()?.code, "store_unavailable");
      store.mend();
      await eventually(() => ledger.flush());
      assert.equal((await charged).repeated, false);
      const { held, spent } = only(await ledger.balances("all", start));
      assert.deepEqual([held, spent], [0n, usd(1)]);
      assert.equal((await ledger.commit(hold("admitted", usd(3)))).admitted, true);
      const again = await store.reopen();
      assert.deepEqual(
        (await again.ledger.openHolds()).map(({ operationId }) => operationId),
        ["admitted"],
      );
      assert.equal(only(await again.ledger.balances("all", start)).spent, usd(1));
      assert.equal((await again.reader.verify()).ok, true);
    });
  });

  test("a closed ledger accepts no commands", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.close();
      await rejects(ledger.commit(putBudget("all", usd(1))), "shutting_down");
    });
  });
}

function testUpdate(updateId: string): PriceUpdate {
  const row = {
    provider: "openai",
    input: "1",
    output: "2",
    valid_from: "2026-01-05T00:00:00.000Z",
  };
  return {
    updateId,
    source: "litellm",
    version: "1.2",
    sha256: "ab".repeat(32),
    from: "litellm",
    rows: ["m1", "m2", "m3"].map((model) => ({ ...row, model })),
  };
}

function updatePrices(updateId: string, after: string | null): UpdatePricesCommand {
  return { kind: "update_prices", at: start, update: testUpdate(updateId), after };
}

async function fill(ledger: Ledger): Promise<void> {
  for (const command of tree([usd(100), usd(37), usd(50), usd(60)])) await ledger.commit(command);
  await ledger.commit(
    putBudget("tokens", pico(5000n), {
      currency: "tokens",
      period: "day",
      unpriced: { policy: "allow", fallback: { input: usd(1), output: usd(2) } },
    }),
  );
  await ledger.commit({ kind: "delete_budget", at: start, budgetId: "project" });
  await ledger.commit({ kind: "put_key", at: start, key: testKey });
  await ledger.commit({ kind: "put_price", at: start, price: testPrice });
  await ledger.commit(updatePrices("first", null));
  await ledger.commit(startEpoch);
  await ledger.commit({ kind: "end_export", at: start, run: { ...testRun, error: "no folder" } });
  await ledger.commit({ kind: "end_export", at: start, run: testRun });
  await ledger.commit(hold("open", usd(2), { expiresAt: start + 9000, fingerprint: "f" }));
  await ledger.commit({
    kind: "top_up",
    at: start,
    operationId: "open",
    attempt: 1,
    amount: { usd: usd(1), tokens: 5n, requests: 0n },
  });
  await ledger.commit(hold("ended", usd(4)));
  await ledger.commit(settle("ended", usd(0), { outcome: usualOutcome(800, 300) }));
}

const testKey = {
  keyId: "key_1",
  name: "ci",
  hash: "ab".repeat(32),
  hint: "psk_ab",
  role: "caller",
  attribution,
  mayRefine: ["task", "tags"],
  models: null,
  providers: ["openai"],
  budgets: ["all"],
  maxConcurrent: 4,
  createdAt: start,
  expiresAt: null,
  revokedAt: null,
} as const;

const testPrice = {
  row: {
    provider: "openai",
    model: "my-model",
    input: "0.15",
    output: "0.6",
    context_tiers: [{ above: 200_000, input: "0.3", output: "0.9" }],
    service_tiers: { batch: { factor: "0.5" } },
  },
  source: "api",
} as const;

async function snapshot(ledger: Ledger): Promise<unknown> {
  return {
    budgets: ledger.budgets(),
    keys: ledger.keys(),
    byHash: ledger.keyByHash(testKey.hash),
    prices: ledger.prices(),
    priceUpdates: ledger.priceUpdates(),
    epochs: ledger.epochs(),
    exported: ledger.exportState(testRun.schedule),
    holds: await ledger.openHolds(),
    balances: await Promise.all([...treeIds, "tokens"].map((id) => ledger.balances(id, start))),
  };
}

const startEpoch = {
  kind: "start_epoch",
  at: start,
  epoch: { name: "pilot", attribution, by: "admin", note: null },
} as const;

const testRun = {
  schedule: "finance",
  from: start - 1000,
  to: start,
  attempt: 1,
  file: "purser-finance.csv",
  bytes: 10,
  error: null,
};

/** @returns The thresholds that the charge crossed. */
async function charge(
  ledger: Ledger,
  operationId: string,
  amount: number,
): Promise<readonly number[]> {
  await ledger.commit(hold(operationId, usd(amount)));
  const { crossed } = await ledger.commit(
    settle(operationId, usd(amount), { outcome: outcome(usd(amount)) }),
  );
  return crossed.map(({ partsPerMillion }) => partsPerMillion);
}

/** Retries until it succeeds; the test runner's timeout is the limit. */
async function eventually(attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PurserError) || error.code !== "store_unavailable") throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
