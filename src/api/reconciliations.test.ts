/** Tests comparing a provider's bill with calls of a real ledger. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { model, openBench } from "./api-fixture.test.ts";

test("a bill is compared with the calls of its provider and days only", async (t) => {
  const bench = await openBench(t);
  const row = (id: string, fields: object): object => ({
    operation_id: id,
    ...model,
    amount_usd: "0.25",
    ...fields,
  });
  const data = [
    row("op-1", {}),
    row("op-2", {}),
    row("op-3", { provider: "anthropic" }),
    row("op-4", { timestamp: "2026-03-08T12:00:00Z" }),
    row("op-5", { model: "m2" }),
  ];
  const { json } = await bench.call("POST", "/api/v1/usage", { data });
  assert.equal(json.recorded, data.length);
  const start = Date.UTC(2026, 2, 10) / 1000;
  const results = [{ amount: { value: 0.75, currency: "usd" }, line_item: "m1, input" }];
  const bill = { data: [{ start_time: start, end_time: start + 86_400, results }] };
  const answer = await bench.call("POST", "/api/v1/reconciliations", { bill });
  const line = (usd: readonly string[], cause: string, rest: object): object => ({
    day: "2026-03-10",
    ...rest,
    billed_usd: usd[0],
    ours_usd: usd[1],
    residual_usd: usd[2],
    causes: [{ cause, amount_usd: usd[2] }],
  });
  assert.deepEqual(answer.json, {
    format: "openai",
    provider: "openai",
    from: "2026-03-10T00:00:00Z",
    to: "2026-03-11T00:00:00Z",
    total: { billed_usd: "0.75", ours_usd: "0.75", residual_usd: "0" },
    data: [
      line(["0.75", "0.5", "0.25"], "calls_or_price", { model: "m1", calls: 2 }),
      line(["0", "0.25", "-0.25"], "not_billed", { model: "m2", calls: 1 }),
    ],
  });
  const other = await bench.call("POST", "/api/v1/reconciliations", {
    bill,
    provider: "anthropic",
  });
  assert.equal(other.json.total.ours_usd, "0.25");
  const wrong = await bench.call("POST", "/api/v1/reconciliations", { bill, provider: "opnai" });
  assert.deepEqual(
    [wrong.status, wrong.json.field, wrong.json.remedy],
    [400, "provider", "Did you mean openai?"],
  );
});

test("a bill in another currency is refused with its field and a remedy", async (t) => {
  const bench = await openBench(t);
  const results = [{ currency: "EUR", amount: "1" }];
  const bill = { data: [{ starting_at: "2026-03-10T00:00:00Z", results }] };
  const { status, json } = await bench.call("POST", "/api/v1/reconciliations", { bill });
  assert.deepEqual([status, json.field], [400, "bill.data[0].results[0].currency"]);
  assert.match(json.remedy, /USD/);
});
