/** Tests `/api/v1/status`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench } from "./api-fixture.test.ts";

test("the status is for administrators only, and contains no key", async (context) => {
  const bench = await openBench(context);
  const { status, json } = await bench.call("GET", "/api/v1/status");
  assert.equal(status, 200);
  assert.deepEqual(json.providers, [
    { name: "openai", base_urls: ["https://api.openai.com/v1"], key: "set" },
  ]);
  assert.deepEqual(json.ledger, { writable: true, problem: null, open_holds: 0 });
  assert.deepEqual(
    [json.prices.checked_on, json.prices.age_days, json.prices.updated_at, json.prices.stated],
    ["2026-03-01", 9, "2026-03-05T06:00:00Z", 1],
  );
  for (const role of ["caller", "reader"]) {
    const secret = await bench.key({ role });
    assert.equal((await bench.call("GET", "/api/v1/status", undefined, secret)).status, 403);
    assert.equal(
      (await bench.call("POST", "/api/v1/status/providers", undefined, secret)).status,
      403,
    );
  }
});

test("checks of providers are reported in whole milliseconds", async (context) => {
  const probe = {
    provider: "openai",
    url: "https://api.openai.com/v1/models",
    status: 401,
    models: null,
    problem: "it refuses the key (401)",
  };
  const bench = await openBench(context, {
    probeProviders: async () => [{ ...probe, state: "refused", elapsedMs: 12.7 }],
  });
  const { json } = await bench.call("POST", "/api/v1/status/providers");
  assert.deepEqual(json.data, [{ ...probe, state: "refused", elapsed_ms: 13 }]);
});
