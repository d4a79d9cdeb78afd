/** Tests the pages of sums: short, in order, and with turns of other work between them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { byCost } from "./call-pages.ts";
import { turnsDuring } from "../../domain/turns.test-kit.ts";

/** Rows whose costs repeat, so that the order of equal ones is seen, too. */
function rows(count: number): readonly { readonly cost: bigint; readonly place: number }[] {
  return Array.from({ length: count }, (_, place) => ({
    cost: BigInt((place * 7919) % 97),
    place,
  }));
}

test("each row is on one page of at most 100, the most expensive first", async () => {
  for (const count of [0, 1, 99, 100, 101, 1000]) {
    const pages = await Array.fromAsync(byCost(rows(count)));
    assert.equal(pages.length, Math.ceil(count / 100));
    assert.ok(pages.every((page) => page.length <= 100));
    const expected = rows(count).toSorted((left, right) => Number(right.cost - left.cost));
    assert.deepEqual(pages.flat(), expected);
  }
});

test("other work goes on while pages are written", async () => {
  const others = await turnsDuring(async () => {
    for await (const page of byCost(rows(2000))) {
      assert.ok(page.length > 0);
      // A page takes longer than a turn.
      const end = performance.now() + 2;
      while (performance.now() < end);
    }
  });
  assert.ok(others >= 19, `${others} turns`);
});
