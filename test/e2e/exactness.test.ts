/** A budget with room for k calls admits k of 200 that come at once: nothing is overspent, and nobody is refused falsely. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Crowd, standings, whileWithinLimits, type Answered, type ChatCall } from "./crowd.ts";
import { picoOf, sumPico } from "./figures.ts";
import { startGateway, startSimulatorProcess, type GatewayProcess, type SimulatorProcess } from "./process.ts";

const levels = ["platform", "org", "team", "project"] as const;
type Level = (typeof levels)[number];

/** Pico-USD a token: 0.15 and 0.6 USD per million. */
const rates = { input: 150_000n, output: 600_000n };
const models = ["even", "loose", "mixed", "counted", "cold", "streamed"];
const callers = 200;

let simulator: SimulatorProcess;
let gateway: GatewayProcess;
let crowd: Crowd;
let scenes = 0;

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({ config: configuration(simulator.url) });
  crowd = new Crowd(gateway.url, callers);
});

function configuration(url: string): string {
  const rows = models.map((model) => `  - { provider: house, model: ${model}, input: "0.15", output: "0.60" }`);
  return [
    `providers: { house: { wire: openai, base_url: "${url}/openai/v1", api_key: sk-x } }`,
    "prices:",
    ...rows,
    "limits: { hold_wait_ms: 60000 }",
    "durability: process",
  ].join("\n");
}

interface Scene {
  readonly key: string;
  /** The tight one's. */
  readonly budgetId: string;
}

interface Tightness {
  readonly level: Level;
  readonly amount: bigint;
  readonly currency?: "USD" | "tokens" | "requests";
}

/** A tree of its own, with one level that has `amount` left and others that have plenty. */
async function setScene({ level, amount, currency = "USD" }: Tightness): Promise<Scene> {
  const name = `scene${++scenes}`;
  const spent = (await standings(gateway)).find(({ budgetId }) => budgetId === "platform")?.spent ?? 0n;
  const platform = level === "platform" && currency === "USD" ? usd(spent + amount) : "1000";
  const where = scenes === 1 ? "POST" : "PATCH";
  const fields = { amount: platform, ...(scenes === 1 ? { budget_id: "platform", budget_type: "platform", resource_id: "main" } : {}) };
  const made = await gateway.api(where, `/api/v1/budgets${scenes === 1 ? "" : "/platform"}`, { body: fields });
  assert.ok(made.status < 300, JSON.stringify(made.json));
  let parent = "platform";
  for (const type of levels.slice(1)) {
    const isTight = type === level;
    const budget = { budget_id: `${name}-${type}`, parent_budget_id: parent, budget_type: type, resource_id: name };
    const tight = { amount: currency === "USD" ? usd(amount) : String(amount), currency };
    await gateway.makeBudget({ ...budget, ...(isTight ? tight : { amount: "1000" }) });
    parent = budget.budget_id;
  }
  const { key } = await gateway.makeKey({ org: name, team: name, project: name });
  return { key, budgetId: level === "platform" ? "platform" : `${name}-${level}` };
}

function usd(pico: bigint): string {
  return `${pico / 10n ** 12n}.${String(pico % 10n ** 12n).padStart(12, "0")}`;
}

async function callAtOnce(calls: readonly ChatCall[]): Promise<readonly Answered[]> {
  return whileWithinLimits(gateway, Promise.all(calls.map((call) => crowd.chat(call))));
}

function many(count: number, make: (index: number) => ChatCall): readonly ChatCall[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

async function standingOf(budgetId: string) {
  const standing = (await standings(gateway)).find((one) => one.budgetId === budgetId);
  assert.ok(standing);
  return standing;
}

/** Afterwards nothing is held anywhere, and nothing went past a limit. */
async function assertQuiet(): Promise<void> {
  for (const { budgetId, limit, spent, held, overrun } of await standings(gateway)) {
    assert.deepEqual({ held, overrun }, { held: 0n, overrun: 0n }, budgetId);
    assert.ok(spent <= limit, budgetId);
  }
}

function costOf({ headers }: Answered): bigint {
  return picoOf(String(headers["x-purser-cost-usd"]));
}

for (const [level, k] of [
  ["platform", 7],
  ["org", 50],
  ["team", 199],
  ["project", 1],
] as const) {
  test(`with room for exactly ${k} calls in the ${level}, ${k} of ${callers} at once are served`, async () => {
    const call = { model: "even", text: "Count the coins in the chest.", sim: { output: 44 }, maxTokens: 44 };
    const warm = await setScene({ level: "org", amount: 10n ** 12n });
    const cost = costOf(await crowd.chat({ ...call, key: warm.key }));
    const { key, budgetId } = await setScene({ level, amount: BigInt(k) * cost });
    const before = await standingOf(budgetId);
    const answers = await callAtOnce(many(callers, () => ({ ...call, key })));
    const served = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 402);
    assert.deepEqual([served.length, refused.length], [k, callers - k]);
    assert.equal((await standingOf(budgetId)).spent - before.spent, BigInt(k) * cost);
    await assertQuiet();
  });
}
