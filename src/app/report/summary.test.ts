/** Tests the sums and averages of the cost summary, in exact amounts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../../domain/money/money.ts";
import type { Totals } from "../port/reader.ts";
import { summaryOf } from "./summary.ts";

function totals(group: Readonly<Record<string, string>>, calls: number, cost: bigint): Totals {
  const usage = { input: 100, cache_read: 20, output: 30 };
  return {
    group,
    bucket: null,
    calls,
    charges: 0,
    released: 0,
    refusals: 0,
    cost: pico(cost),
    chargeCost: pico(0n),
    timed: calls,
    usage,
    latencyMs: 90,
  };
}

test("averages of amounts are exact to the nearest pico-USD, halves rounded up", async () => {
  const group = { provider: "openai", operation: "plan", endpoint: "chat" };
  const averageOf = async (calls: number, cost: bigint): Promise<bigint> =>
    (await summaryOf([totals(group, calls, cost)], [])).total.averageCost;
  assert.equal(await averageOf(3, 4n), 1n);
  assert.equal(await averageOf(3, 5n), 2n);
  assert.equal(await averageOf(2, 5n), 3n);
  const amount = 9_007_199_254_740_993n;
  assert.equal(await averageOf(1, amount), amount);
});

test("tokens include cached ones, and the cost per 1000 tokens is of input and output together", async () => {
  const { total, costPer1000Tokens } = await summaryOf(
    [totals({ provider: "openai" }, 2, 300n)],
    [],
  );
  assert.deepEqual([total.inputTokens, total.outputTokens, total.averageLatencyMs], [120, 30, 45]);
  assert.equal(costPer1000Tokens, 2000n);
});

test("a provider's operations add up to it, and calls without an operation are listed by endpoint", async () => {
  const rows = [
    totals({ provider: "openai", operation: "plan", endpoint: "chat" }, 1, 10n),
    totals({ provider: "openai", operation: "unattributed", endpoint: "chat" }, 2, 20n),
    totals({ provider: "anthropic", operation: "plan", endpoint: "messages" }, 4, 40n),
    totals({ provider: "anthropic", operation: "check", endpoint: "messages" }, 0, 0n),
  ];
  const { byProvider, byOperation } = await summaryOf(rows, []);
  const costs = (sums: ReadonlyMap<string, { readonly cost: bigint }> | undefined): unknown =>
    [...(sums ?? [])].map(([name, { cost }]) => [name, cost]);
  assert.deepEqual(costs(byProvider), [
    ["openai", 30n],
    ["anthropic", 40n],
  ]);
  assert.deepEqual(costs(byProvider.get("openai")?.byOperation), [
    ["plan", 10n],
    ["chat", 20n],
  ]);
  assert.deepEqual(costs(byOperation), [
    ["plan", 50n],
    ["chat", 20n],
  ]);
});
