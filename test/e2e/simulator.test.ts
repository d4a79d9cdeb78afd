/**
 * The built-in simulator: on until a provider is configured; after that its invented money is kept
 * separate.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ask } from "./ask.ts";
import { startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";
import { always } from "./settings.ts";

const elsewhere = await startSimulatorProcess();
const openai = { base_url: `${elsewhere.url}/openai/v1`, api_key: "k" };
const root = fileURLToPath(new URL("../../", import.meta.url));

const body = (model: string): string =>
  JSON.stringify({
    model,
    max_tokens: 20,
    messages: [{ role: "user", content: "[[sim output=10 input=100]]" }],
  });

async function call(gateway: GatewayProcess, key: string, model: string): Promise<number> {
  return (await ask("POST /v1/chat/completions", { gateway, key, body: body(model) })).status;
}

/** 100 tokens in and 10 out. */
const simulated = 0.000021;
const real = 0.00002113;

interface Figures {
  readonly summary: number;
  readonly series: string;
  readonly providers: readonly string[];
}

async function figures(gateway: GatewayProcess, query = ""): Promise<Figures> {
  await gateway.flush();
  const summary = (await gateway.api("GET", `/api/v1/summary?${query}`)).json;
  const series = (await gateway.api("GET", `/api/v1/series?bucket=day&by=provider&${query}`)).json;
  return {
    summary: summary["total_cost"] as unknown as number,
    series: series["total"]?.["cost_usd"] as unknown as string,
    providers: Object.keys(summary["by_provider"] ?? {}),
  };
}

async function metrics(gateway: GatewayProcess): Promise<readonly string[]> {
  const text = (await gateway.api("GET", "/metrics")).json as unknown as string;
  return text.split("\n").filter((line) => /^purser_(simulated_)?spend_usd_total\{/.test(line));
}

async function purser(gateway: GatewayProcess, ...words: readonly string[]): Promise<string> {
  const main = path.join(root, "src/cli/main.ts");
  const data = path.join(gateway.directory, "data");
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...words, "--data", data], {
    cwd: gateway.directory,
  });
  return stdout;
}

test("without a provider it answers, and works with budgets and figures", async () => {
  const gateway = await startGateway();
  const { key } = await gateway.makeKey();
  await gateway.makeBudget({ budget_id: "all", budget_type: "platform", amount: "1", ...always });
  assert.equal(await call(gateway, key, "sim/sim-small"), 200);
  assert.deepEqual(await figures(gateway), {
    summary: simulated,
    series: "0.000021",
    providers: ["sim"],
  });
  assert.equal((await gateway.budget("all"))["spent"], "0.000021");
  assert.deepEqual(await metrics(gateway), ['purser_spend_usd_total{provider="sim"} 0.000021']);
  await gateway.stop();
});

test("with a provider it is off: its models and paths return 404 with how to turn it on, and are not listed", async () => {
  const gateway = await startGateway({ providers: { openai } });
  const { key } = await gateway.makeKey();
  for (const line of [
    "POST /v1/chat/completions",
    "POST /sim/v1/chat/completions",
    "POST /v1/messages",
  ]) {
    const answer = await ask(line, { gateway, key, body: body("sim/sim-small") });
    assert.equal(answer.status, 404, line);
    assert.match(answer.message, /simulator: on/);
  }
  const { body: list } = await ask("GET /v1/models", { gateway, key });
  assert.ok((list["data"] as { id: string }[]).every(({ id }) => !id.startsWith("sim/")));
  await gateway.makeBudget({ budget_id: "all", budget_type: "platform", amount: "1", ...always });
  assert.equal((await gateway.budget("all"))["providers"], null);
  await gateway.stop();
});

test("`simulator: off` turns it off even without a provider", async () => {
  const gateway = await startGateway({ config: "simulator: off" });
  const { key } = await gateway.makeKey();
  assert.equal(await call(gateway, key, "sim/sim-small"), 404);
  await gateway.stop();
});

test("turned on with a provider, its money is in no budget, summary, series, spend metric, report or top unless requested", async () => {
  const gateway = await startGateway({ providers: { openai }, config: "simulator: on" });
  const { key } = await gateway.makeKey();
  await gateway.makeBudget({ budget_id: "all", budget_type: "platform", amount: "1", ...always });
  await gateway.makeBudget({
    budget_id: "practice",
    budget_type: "platform",
    amount: "1",
    providers: ["sim"],
    ...always,
  });
  await gateway.makeBudget({
    budget_id: "both",
    budget_type: "platform",
    amount: "1",
    providers: ["*"],
    ...always,
  });
  assert.equal(await call(gateway, key, "openai/sim-small"), 200);
  assert.equal(await call(gateway, key, "sim/sim-small"), 200);

  assert.deepEqual(await figures(gateway), {
    summary: real,
    series: "0.00002113",
    providers: ["openai"],
  });
  assert.deepEqual((await figures(gateway, "include=simulator")).series, "0.00004213");
  assert.deepEqual(await figures(gateway, "provider=sim"), {
    summary: simulated,
    series: "0.000021",
    providers: ["sim"],
  });
  const spent = await Promise.all(
    ["all", "practice", "both"].map(async (id) => (await gateway.budget(id))["spent"]),
  );
  assert.deepEqual(spent, ["0.00002113", "0.000021", "0.00004213"]);
  assert.deepEqual((await metrics(gateway)).toSorted(), [
    'purser_simulated_spend_usd_total{provider="sim"} 0.000021',
    'purser_spend_usd_total{provider="openai"} 0.00002113',
  ]);
  assert.equal(
    (await gateway.entries()).length,
    2,
    "the list of calls has all of them, each with its provider",
  );

  const costOf = (json: string): unknown =>
    (JSON.parse(json) as { total: { cost_usd: string } }).total.cost_usd;
  assert.equal(costOf(await purser(gateway, "report", "--json")), "0.00002113");
  assert.equal(
    costOf(await purser(gateway, "report", "--json", "--include", "simulator")),
    "0.00004213",
  );
  const recent = async (...words: readonly string[]): Promise<unknown> =>
    (
      JSON.parse(await purser(gateway, "top", "--json", ...words)) as {
        recent: { total: { cost_usd: string } };
      }
    ).recent.total.cost_usd;
  assert.equal(await recent(), "0.00002113");
  assert.equal(await recent("--include", "simulator"), "0.00004213");
  assert.equal((await gateway.api("GET", "/api/v1/summary?include=nothing")).status, 400);
  await gateway.stop();
});

test("simulated spend no longer counts after the first start with a provider", async () => {
  const practice = await startGateway();
  const { key } = await practice.makeKey();
  await practice.makeBudget({ budget_id: "all", budget_type: "platform", amount: "1", ...always });
  await practice.makeBudget({
    budget_id: "each",
    parent_budget_id: "all",
    budget_type: "project",
    resource_id: "*",
    amount: "1",
    ...always,
  });
  assert.equal(await call(practice, key, "sim/sim-small"), 200);
  assert.equal((await practice.budget("all"))["spent"], "0.000021");
  await practice.stop();

  const gateway = await startGateway({ directory: practice.directory, providers: { openai } });
  assert.deepEqual(await figures(gateway), { summary: 0, series: "0", providers: [] });
  assert.deepEqual(
    [(await gateway.budget("all"))["spent"], (await gateway.budget("each"))["spent"]],
    ["0", "0"],
  );
  await gateway.makeBudget({ budget_id: "new", budget_type: "platform", amount: "1", ...always });
  assert.equal((await gateway.budget("new"))["spent"], "0");
  assert.equal(await call(gateway, key, "openai/sim-small"), 200);
  assert.equal((await gateway.budget("all"))["spent"], "0.00002113");
  assert.equal((await figures(gateway, "include=simulator")).series, "0.00004213");
  await gateway.stop();

  const costOf = (json: string): unknown =>
    (JSON.parse(json) as { total: { cost_usd: string } }).total.cost_usd;
  assert.equal(
    costOf(await purser(gateway, "report", "--json")),
    "0.00002113",
    "of a folder without a server, too",
  );
  assert.match(await purser(gateway, "verify"), /the chain is intact/);
});

test("a configured provider named sim is like any other", async () => {
  const gateway = await startGateway({
    providers: { openai, sim: { wire: "openai", base_url: `${elsewhere.url}/v1`, api_key: "k" } },
  });
  const { key } = await gateway.makeKey();
  await gateway.makeBudget({ budget_id: "all", budget_type: "platform", amount: "1", ...always });
  assert.equal(await call(gateway, key, "sim/sim-small"), 200);
  assert.equal((await gateway.budget("all"))["spent"], "0.000021");
  assert.deepEqual((await figures(gateway)).providers, ["sim"]);
  await gateway.stop();
});

test("what a simulated call says was used for it is simulated money, too", async () => {
  const items = "items: [{ item_id: search, kind: tool, unit: call, price_usd: '0.005' }]";
  const config = `simulator: on\n${items}`;
  const gateway = await startGateway({ providers: { openai }, config });
  const { key } = await gateway.makeKey();
  await gateway.makeBudget({ budget_id: "all", budget_type: "platform", amount: "1", ...always });
  const used = async (model: string, id: string): Promise<void> => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "x-purser-operation-id": id,
        "x-purser-charge": "search=2",
      },
      body: body(model),
    });
    assert.equal(answer.status, 200, await answer.text());
  };
  await used("sim/sim-small", "practice");
  assert.equal((await gateway.budget("all"))["spent"], "0");
  const total = async (query = ""): Promise<number> => (await figures(gateway, query)).summary;
  assert.deepEqual([await total(), await total("include=simulator")], [0, 0.010021]);
  const { json } = await gateway.api("GET", "/api/v1/requests/practice?include=simulator");
  assert.deepEqual([json["tool_cost_usd"], json["other_cost_usd"]], ["0.01", "0"]);
  await used("openai/sim-small", "work");
  assert.equal(await total(), Number((await gateway.budget("all"))["spent"]));
  assert.ok((await total()) > 0.01);
  await gateway.stop();
});
