/** Pauses and extensions of budgets, in every ledger. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { aHold } from "../../domain/ledger/desk.test-kit.ts";
import { putBudget, start, usd } from "./fixture.ts";
import { only, using, type OpenStore } from "./store-under-test.ts";

const control = { at: start, budgetId: "b", value: null, by: "admin", reason: "r" } as const;

export function testControlling(open: OpenStore): void {
  test("a pause and an extension are kept when the ledger is opened again", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(putBudget("b", usd(1)));
      await ledger.commit({ kind: "extend_budget", ...control, amount: usd(0.5) });
      await ledger.commit({ kind: "pause_budget", ...control });
      const reopened = await store.reopen();
      const balance = only(await reopened.ledger.balances("b", start));
      assert.deepEqual(
        [balance.limit, balance.granted, balance.paused],
        [usd(1.5), usd(0.5), { by: "admin", reason: "r", at: start }],
      );
      assert.equal(reopened.ledger.pausesOf("b").length, 1);
      const hold = (id: string) => reopened.ledger.commit(aHold(id, usd(1.2), { at: start }));
      assert.equal((await hold("paused")).admitted, false);
      await reopened.ledger.commit({ kind: "resume_budget", ...control });
      assert.equal((await hold("resumed")).admitted, true);
    });
  });
}
