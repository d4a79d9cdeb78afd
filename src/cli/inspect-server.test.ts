/** Tests when `purser doctor` warns that the price book of a server is old. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { StatusJson } from "../contract/status.ts";
import type { Finding } from "./finding.ts";
import { processFindings } from "./inspect-server.ts";

const dayMs = 86_400_000;
const updatedAt = Date.parse("2026-10-01T00:00:00Z");

const status: StatusJson = {
  version: "1.0.0",
  node: "26.0.0",
  process_id: 1,
  started_at: "2026-11-28T00:00:00Z",
  data: "/data",
  configuration: null,
  durability: "full",
  ledger: { writable: true, problem: null, open_holds: 0 },
  prices: {
    version: "list@1",
    checked_on: "2026-01-01",
    age_days: 300,
    updated_at: "2026-10-01T00:00:00Z",
    stated: 0,
  },
  price_updates: null,
  providers: [],
};

test("a price book is old once its newest source is more than 30 days old", () => {
  const fresh = pricesAt(updatedAt + 30 * dayMs);
  assert.equal(fresh.state, "well");
  assert.match(fresh.message, /^list@1, updated 30 days ago \(2026-10-01\)/);
  const old = pricesAt(updatedAt + 30 * dayMs + 1);
  assert.deepEqual([old.state, old.remedy], ["warning", "Run `purser prices update`."]);
});

test("the interval of the schedule has no zero parts", () => {
  const textEvery = (seconds: number): string | undefined => {
    const schedule = { from: "litellm", every_seconds: seconds, last: null };
    const found = processFindings(
      { ...status, price_updates: schedule },
      { where: "here", now: 0 },
    );
    return found.find(({ subject }) => subject === "server's price updates")?.message;
  };
  assert.match(textEvery(86_400) ?? "", /^from litellm every 24 h; none yet/);
  assert.match(textEvery(5_400) ?? "", /^from litellm every 90 min; none yet/);
});

test("a clock behind the price book gives no negative age", () => {
  assert.match(pricesAt(updatedAt - 5 * dayMs).message, /updated 0 days ago/);
});

function pricesAt(now: number): Finding {
  const found = processFindings(status, { where: "here", now });
  const prices = found.find(({ subject }) => subject === "server's prices");
  assert.ok(prices);
  return prices;
}
