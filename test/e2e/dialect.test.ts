/**
 * DeepSeek, xAI and OpenRouter through OpenAI's SDK: each reports usage in its own way, and two
 * report their cost.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { collect, openaiAt, steer, tagged } from "./client.ts";
import { picoOf } from "./figures.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type SimulatorProcess,
} from "./process.ts";
import { providersAt } from "./settings.ts";
import { assertSettledAsBilled, costOfRow } from "./reconcile.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;
let key: string;

before(async () => {
  simulator = await startSimulatorProcess();
  const { xai, openrouter } = providersAt(simulator.url);
  assert.ok(xai && openrouter);
  const providers = {
    xai: { ...xai, reported_cost: "charge" },
    openrouter: { ...openrouter, reported_cost: "charge" },
  } as const;
  gateway = await startGateway({ simulatorUrl: simulator.url, providers });
  ({ key } = await gateway.makeKey({ project: "p1" }));
});

const model = "sim-small";
const counts = "input=300 cached=120 output=45 reasoning=15";

const providers = [
  { provider: "deepseek", reports: false },
  { provider: "xai", reports: true },
  { provider: "openrouter", reports: true },
] as const;

for (const { provider, reports } of providers) {
  for (const stream of [false, true]) {
    test(`${provider} ${stream ? "streamed" : "whole"}: counts are ours, ${reports ? "the cost is the provider's, with ours as the computed cost" : "and so is the cost"}`, async () => {
      const tag = `${provider}-${stream ? "stream" : "whole"}`;
      const { headers, directive } = tagged(tag);
      const client = openaiAt(gateway, { key, path: `/${provider}` });
      const messages = [
        {
          role: "user" as const,
          content: steer(`${directive} ${counts}${reports ? " cost_usd=0.0123" : ""}`),
        },
      ];
      if (stream)
        await collect(
          await client.chat.completions.create({ model, messages, stream }, { headers }),
        );
      else await client.chat.completions.create({ model, messages }, { headers });

      if (reports) return assertChargedAsReported(tag, "0.0123");
      const entry = await assertSettledAsBilled({ gateway, simulator }, tag);
      assert.deepEqual(
        [entry.reported_cost_usd, entry.computed_cost_usd, entry.difference_usd],
        [null, null, null],
      );
    });
  }
}

/**
 * Checks that the charge is the provider's figure, and ours, from the books' counts, is the
 * computed cost.
 */
async function assertChargedAsReported(tag: string, cost: string): Promise<void> {
  const [[entry], [row]] = await Promise.all([
    gateway.entries(`operation_id=${tag}`),
    simulator.books(tag),
  ]);
  assert.ok(entry && row);
  assert.deepEqual(
    [entry.cost_usd, entry.reported_cost_usd, entry.status, entry.flags],
    [cost, cost, "settled", ["cost_differs"]],
  );
  assert.deepEqual(
    [entry.usage.input, entry.usage.cache_read, entry.usage.output],
    [row.input, row.cache_read, row.output],
  );
  assert.equal(picoOf(entry.computed_cost_usd ?? ""), costOfRow(row));
  assert.equal(picoOf(entry.difference_usd ?? ""), picoOf(cost) - costOfRow(row));
}

test("a cost of sub-microdollars is kept to the digit", async () => {
  const { headers, directive } = tagged("ticks");
  const client = openaiAt(gateway, { key, path: "/xai" });
  const messages = [
    { role: "user" as const, content: steer(`${directive} cost_usd=0.0000123456`) },
  ];
  await client.chat.completions.create({ model, messages }, { headers });
  await assertChargedAsReported("ticks", "0.0000123456");
});

test("a model that only the provider prices costs what it reports", async () => {
  const { headers, directive } = tagged("unlisted");
  const client = openaiAt(gateway, { key, path: "/openrouter" });
  const messages = [{ role: "user" as const, content: steer(`${directive} cost_usd=0.5`) }];
  await client.chat.completions.create({ model: "nobody/unlisted", messages }, { headers });
  const [entry] = await gateway.entries("operation_id=unlisted");
  assert.ok(entry);
  assert.deepEqual(
    [entry.cost_usd, entry.reported_cost_usd, entry.status],
    ["0.5", "0.5", "settled"],
  );
  assert.deepEqual(
    entry.charges.map(({ meter }) => meter),
    ["reported_cost"],
  );
});
