/** Errors of a request's form show the form that is wanted. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { PurserError } from "../domain/error.ts";
import { priceInput } from "../contract/price.ts";
import { check } from "./validate.ts";

const price = { provider: "openai", model: "m", input: "1", output: "1" };

for (const [wrong, field, remedy] of [
  [
    { service_tiers: { batch: "0.5" } },
    "service_tiers.batch",
    'Give {"factor": "0.5"} or {"input": "1", "output": "5"}.',
  ],
  [{ service_tiers: "0.5" }, "service_tiers", 'Give {"batch": {"factor": "0.5"}}.'],
  [{ free: { web_search: 1500 } }, "free.web_search", 'Give {"units": 1500, "per": "day"}.'],
  [{ regions: "all" }, "regions", 'Give "included" or {"us": {"factor": "1.1"}}.'],
  [
    { regions: { us: "1.1" } },
    "regions.us",
    'Give {"factor": "0.5"} or {"input": "1", "output": "5"}.',
  ],
  [
    { context_tiers: {} },
    "context_tiers",
    'Give [{"above": 200000, "input": "4", "output": "15"}].',
  ],
  [
    { hours: ["mon"] },
    "hours[0]",
    'Give {"days": ["mon"], "from": "01:00", "to": "04:00", "input": "0.30"}.',
  ],
  [{ meters: "2" }, "meters", 'Give {"tool:ocr": "0.002"}.'],
  [{ cache_read: {} }, "cache_read", 'Give "0.15".'],
] as const)
  test(`${field} of the wrong form: ${remedy}`, () => {
    assert.throws(
      () => check(priceInput, { ...price, ...wrong }),
      (error) => {
        assert.ok(error instanceof PurserError);
        assert.deepEqual([error.detail.field, error.detail.remedy], [field, remedy]);
        return true;
      },
    );
  });

test("a field with the name of a method has no example", () => {
  const usage = z.object({ usage: z.object({ input: z.int() }).catchall(z.int().max(5)) });
  assert.throws(() => check(usage, { usage: { input: 1, toString: 9 } }), /usage\.toString is 9/);
});

test("what has no example keeps its remedy", () => {
  assert.throws(() => check(priceInput, { ...price, provider: 5 }), /must be text, not 5/);
});
