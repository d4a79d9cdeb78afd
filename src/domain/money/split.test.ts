/** Tests that parts of an amount add up to it, and are as fair as whole pico-USD can be. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pico } from "./money.ts";
import { split } from "./split.ts";

test("what is left over goes to the largest remainders", () => {
  assert.deepEqual(split(pico(100n), [1n, 1n, 1n]), [34n, 33n, 33n]);
  assert.deepEqual(split(pico(10n), [0n, 1n, 5n]), [0n, 2n, 8n]);
});

test("parts add up to the whole, and each is within one pico-USD of its share", () => {
  const weights = fc
    .array(fc.bigInt({ min: 0n, max: 1n << 70n }), { minLength: 1, maxLength: 50 })
    .filter((all) => all.some((weight) => weight > 0n));
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 63n }), weights, (amount, all) => {
      const parts = split(pico(amount), all);
      const sum = all.reduce((total, weight) => total + weight, 0n);
      assert.equal(
        parts.reduce((total: bigint, part) => total + part, 0n),
        amount,
      );
      parts.forEach((part, index) => {
        const off = part * sum - amount * (all[index] ?? 0n);
        assert.ok(off < sum && off > -sum);
      });
    }),
  );
});
