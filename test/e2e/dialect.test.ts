/** DeepSeek, xAI and OpenRouter over OpenAI's SDK: each tells its usage in its own way, and two of them their own cost. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { collect, openaiAt, steer, tagged } from "./client.ts";
import { picoOf } from "./figures.ts";
import { startGateway, startSimulatorProcess, type GatewayProcess, type SimulatorProcess } from "./process.ts";
import { assertSettledAsBilled } from "./reconcile.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;
let key: string;

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url });
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
    test(`${provider} ${stream ? "streamed" : "whole"}: counts and cost are ours, ${reports ? "and its own cost stands beside them" : "it reports no cost"}`, async () => {
      const tag = `${provider}-${stream ? "stream" : "whole"}`;
      const { headers, directive } = tagged(tag);
      const client = openaiAt(gateway, { key, path: `/${provider}` });
      const messages = [{ role: "user" as const, content: steer(`${directive} ${counts}${reports ? " cost_usd=0.0123" : ""}`) }];
      if (stream) await collect(await client.chat.completions.create({ model, messages, stream }, { headers }));
      else await client.chat.completions.create({ model, messages }, { headers });

      const entry = await assertSettledAsBilled({ gateway, simulator }, tag);
      assert.equal(entry.reported_cost_usd, reports ? "0.0123" : null);
      const difference = reports ? picoOf("0.0123") - picoOf(entry.cost_usd) : null;
      assert.equal(entry.difference_usd === null ? null : picoOf(entry.difference_usd), difference);
    });
  }
}

test("a cost of sub-microdollars is kept to the digit", async () => {
  const { headers, directive } = tagged("ticks");
  const client = openaiAt(gateway, { key, path: "/xai" });
  const messages = [{ role: "user" as const, content: steer(`${directive} cost_usd=0.0000123456`) }];
  await client.chat.completions.create({ model, messages }, { headers });
  const entry = await assertSettledAsBilled({ gateway, simulator }, "ticks");
  assert.equal(entry.reported_cost_usd, "0.0000123456");
});

test("a model that only the provider prices costs what it reports", async () => {
  const { headers, directive } = tagged("unlisted");
  const client = openaiAt(gateway, { key, path: "/openrouter" });
  const messages = [{ role: "user" as const, content: steer(`${directive} cost_usd=0.5`) }];
  await client.chat.completions.create({ model: "nobody/unlisted", messages }, { headers });
  const [entry] = await gateway.entries("operation_id=unlisted");
  assert.ok(entry);
  assert.deepEqual([entry.cost_usd, entry.reported_cost_usd, entry.status], ["0.5", "0.5", "settled"]);
  assert.deepEqual(
    entry.charges.map(({ meter }) => meter),
    ["reported_cost"],
  );
});
