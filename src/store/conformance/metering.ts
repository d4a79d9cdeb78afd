/** Conformance tests: meters that only some calls have. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Charge, Rate } from "../../domain/price/row/rate.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import { hold, outcome, rates, settle, start, usd } from "./fixture.ts";
import { using, type OpenStore } from "./store-under-test.ts";

const hourMs = 3_600_000;
const [ocr, pages] = [openMeter("tool:ocr"), openMeter("pages")];

export function testMetering(open: OpenStore): void {
  test("open meters are in a call, its bill and all sums, and a correction takes them back", async () => {
    await using(open, async ({ ledger, reader }) => {
      const usage = { input: 90, output: 10, [ocr]: 2, [pages]: 1_000_000_000_000 };
      const parts = [{ model: "advisor", usage: { [ocr]: 5 } }];
      const rate = { ...rates[0], meter: ocr, perUnit: usd(0.1) } as Rate;
      const model = "gpt-5-2025-08-07";
      const charges: readonly Charge[] = [
        { model, meter: ocr, quantity: 2, cost: usd(0.2), rate },
        { model, meter: pages, quantity: 7, cost: usd(0.7), rate },
        { model: "advisor", meter: ocr, quantity: 5, cost: usd(0.5) },
      ];
      const first = outcome(usd(1.4), { usage, parts, charges, status: "unresolved" });
      for (const id of ["a", "b"]) {
        await ledger.commit(hold(id, usd(5)));
        await ledger.commit(settle(id, usd(0), { outcome: first }));
      }
      const [row] = await reader.calls({}, { limit: 1, before: null });
      assert.deepEqual([row?.usage, row?.parts, row?.charges], [usage, parts, charges]);
      const bill = outcome(usd(1), { usage: { input: 1, [ocr]: 1 } });
      await ledger.commit(
        settle("a", usd(1), { at: start + 30 * hourMs, outcome: bill, fingerprint: "bill" }),
      );
      const sums = { input: 91, output: 10, [ocr]: 8, [pages]: 1_000_000_000_000 };
      const wide = { from: start - 48 * hourMs, to: start + 72 * hourMs };
      const narrow = { from: start + 999, to: start + 1001 };
      for (const range of [{}, wide, narrow])
        assert.deepEqual((await reader.totals(range, [], null))[0]?.usage, sums);
      const byStatus = await reader.totals(wide, ["status"], 24 * hourMs);
      assert.deepEqual(
        byStatus.map((total) => [total.group["status"], total.usage]),
        [
          ["unresolved", { input: 90, output: 10, [ocr]: 7, [pages]: 1_000_000_000_000 }],
          ["settled", { input: 1, [ocr]: 1 }],
        ],
      );
      assert.equal((await reader.verify()).ok, true);
    });
  });
}
