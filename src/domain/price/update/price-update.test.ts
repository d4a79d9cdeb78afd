/** The rows that updates of the prices leave in force. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { beginningAt, rowOfText, updatedRows, type KeptPriceUpdate } from "./price-update.ts";

function kept(validFrom: string, revertedAt: number | null): KeptPriceUpdate {
  const row = { provider: "p", model: "m", input: "1", output: "2", valid_from: validFrom };
  return {
    updateId: "u",
    source: "list",
    version: "1",
    sha256: "",
    from: "list.json",
    rows: [row],
    at: Date.parse("2026-11-01"),
    revertedAt,
  };
}

const end = Date.parse("2026-11-20");

test("a reverted price ends when it was reverted, and one that would begin later never begins", () => {
  const validity = (from: string, revertedAt: number | null): readonly unknown[] =>
    updatedRows([kept(from, revertedAt)]).map(({ validFrom, validTo }) => [validFrom, validTo]);
  assert.deepEqual(validity("2026-11-01", null), [[Date.parse("2026-11-01"), undefined]]);
  assert.deepEqual(validity("2026-11-01", end), [[Date.parse("2026-11-01"), end]]);
  assert.deepEqual(validity("2026-11-25", end), []);
  assert.deepEqual(validity("2026-11-20", end), []);
});

test("a price that was parsed begins when its update is stored", () => {
  const text = { provider: "p", model: "m", input: "1", output: "2" };
  const list = { source: "list", version: "1" };
  const before = rowOfText(text, list);
  const [begun] = beginningAt(text, end);
  assert.ok(begun);
  assert.deepEqual(rowOfText(begun, list), { ...before, validFrom: end });
  assert.deepEqual(rowOfText({ ...begun }, list), rowOfText(begun, list), "as if parsed again");
});
