/** A threshold fires at the smallest amount that is at least its share of the limit. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { noControls } from "./counter.ts";
import { crossings } from "./crossing.ts";
import { aBudget } from "./desk.test-kit.ts";

const key = {
  budgetId: "b",
  value: "v",
  windowStart: 0,
  windowEnd: null,
  currency: "USD",
} as const;

const amounts = fc.bigInt({ min: 1n, max: 10n ** 18n });
const shares = fc.integer({ min: 1, max: 1_000_000 });

test("a threshold fires from its exact share on", () => {
  fc.assert(
    fc.property(amounts, amounts, shares, (amount, spent, share) => {
      const budget = aBudget({
        budgetId: "b",
        amount,
        thresholds: [{ partsPerMillion: share, action: "notify" }],
      });
      const edge = (amount * BigInt(share)) / 1_000_000n;
      for (const to of [spent, edge - 1n, edge, edge + 1n].filter((some) => some > 0n)) {
        const crossed = crossings(budget, {
          counter: { key, fired: [], controls: noControls },
          spent: to,
          at: 5,
        });
        const reaches = to * 1_000_000n >= amount * BigInt(share);
        assert.equal(crossed.length > 0, reaches, String(to));
        assert.deepEqual(
          crossings(budget, {
            counter: { key, fired: [share], controls: noControls },
            spent: to,
            at: 5,
          }),
          [],
        );
      }
    }),
  );
});
