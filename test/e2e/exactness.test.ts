/**
 * A budget with room for k calls admits k of 200 concurrent ones: nothing is overspent, and no call
 * is refused falsely.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Crowd, standings, whileWithinLimits, type Answered, type ChatCall } from "./crowd.ts";
import { picoOf, sumPico } from "./figures.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type SimulatorProcess,
} from "./process.ts";

const levels = ["platform", "org", "team", "project"] as const;
type Level = (typeof levels)[number];

/** Pico-USD per token: 0.15 and 0.6 USD per million. */
const rates = { input: 150_000n, output: 600_000n };
const models = ["even", "loose", "mixed", "counted", "cold", "streamed", "alike"];
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
  const rows = models.map(
    (model) => `  - { provider: house, model: ${model}, input: "0.15", output: "0.60" }`,
  );
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
  /** The id of the tight budget. */
  readonly budgetId: string;
}

interface Tightness {
  readonly level: Level;
  readonly amount: bigint;
  readonly currency?: "USD" | "tokens" | "requests";
}

/** Creates a budget tree in which one level has `amount` left and the others have plenty. */
async function setScene({ level, amount, currency = "USD" }: Tightness): Promise<Scene> {
  const name = `scene${++scenes}`;
  const spent =
    (await standings(gateway)).find(({ budgetId }) => budgetId === "platform")?.spent ?? 0n;
  const platform = level === "platform" && currency === "USD" ? usd(spent + amount) : "1000";
  const where = scenes === 1 ? "POST" : "PATCH";
  const fields = {
    amount: platform,
    ...(scenes === 1
      ? { budget_id: "platform", budget_type: "platform", resource_id: "main" }
      : {}),
  };
  const made = await gateway.api(where, `/api/v1/budgets${scenes === 1 ? "" : "/platform"}`, {
    body: fields,
  });
  assert.ok(made.status < 300, JSON.stringify(made.json));
  let parent = "platform";
  for (const type of levels.slice(1)) {
    const isTight = type === level;
    const budget = {
      budget_id: `${name}-${type}`,
      parent_budget_id: parent,
      budget_type: type,
      resource_id: name,
    };
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

/** Checks that nothing is held and no limit was exceeded. */
async function assertQuiet(): Promise<void> {
  for (const { budgetId, limit, spent, held, overrun } of await standings(gateway)) {
    if (!budgetId.startsWith(`scene${scenes}-`) && budgetId !== "platform") continue;
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
    const call = {
      model: "even",
      text: "Count the coins in the chest.",
      sim: { output: 44 },
      maxTokens: 44,
    };
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

for (const currency of ["tokens", "requests"] as const) {
  test(`a budget in ${currency} with room for exactly 50 calls serves 50`, async () => {
    const call = {
      model: "counted",
      text: "Count the coins in the chest.",
      sim: { output: 44 },
      maxTokens: 44,
    };
    const warm = await setScene({ level: "org", amount: 10n ** 12n });
    await crowd.chat({ ...call, key: warm.key });
    const [entry] = await gateway.entries("model=counted");
    assert.ok(entry);
    const each =
      currency === "requests" ? 1n : BigInt((entry.usage.input ?? 0) + (entry.usage.output ?? 0));
    const { key, budgetId } = await setScene({ level: "team", amount: 50n * each, currency });
    const answers = await callAtOnce(many(callers, () => ({ ...call, key })));
    assert.equal(answers.filter(({ status }) => status === 200).length, 50);
    assert.equal((await standingOf(budgetId)).spent, 50n * each);
    await assertQuiet();
  });
}

test("calls that cost less than their hold wait for each other, and exactly as many are served as fit", async () => {
  const call = {
    model: "loose",
    text: "Count the coins in the chest.",
    sim: { output: 44 },
    maxTokens: 400,
  };
  const warm = await setScene({ level: "org", amount: 10n ** 12n });
  const cost = costOf(await crowd.chat({ ...call, key: warm.key }));
  const { key, budgetId } = await setScene({ level: "org", amount: 50n * cost });
  const answers = await callAtOnce(many(callers, () => ({ ...call, key })));
  assert.equal(answers.filter(({ status }) => status === 200).length, 50);
  assert.equal((await standingOf(budgetId)).spent, 50n * cost);
  await assertQuiet();
});

test("an answer is not shortened because of others' unused holds", async () => {
  const call = { model: "loose", text: "Count the coins in the chest.", maxTokens: 400 };
  const warm = await setScene({ level: "org", amount: 10n ** 12n });
  await crowd.chat({ ...call, key: warm.key, sim: { output: 390 } });
  const ceiling = 400n * rates.output + 30n * rates.input;
  const { key } = await setScene({ level: "team", amount: (ceiling * 3n) / 2n });
  const answers = await callAtOnce(
    many(2, () => ({ ...call, key, sim: { output: 10, latency_ms: 200 } })),
  );
  for (const { status, headers } of answers)
    assert.deepEqual([status, headers["x-purser-max-tokens"]], [200, undefined]);
  await assertQuiet();
});

test("among calls of many sizes, none is refused that could have been served", async () => {
  const { key, budgetId } = await setScene({ level: "team", amount: 3_000_000_000n });
  const calls = many(callers, (index) => ({
    key,
    model: "mixed",
    text: "Count the coins in the chest. ".repeat(1 + (index % 7) * 3),
    sim: { output: 10 + ((index * 37) % 190) },
    maxTokens: 256,
  }));
  const answers = await callAtOnce(calls);
  await assertQuiet();
  const { limit, spent } = await standingOf(budgetId);
  const refused = answers.filter(({ status }) => status === 402);
  assert.ok(refused.length > 0 && refused.length < callers);
  for (const { text } of refused) {
    const { needed } = (JSON.parse(text) as { error: unknown; purser: { needed: string } }).purser;
    assert.ok(picoOf(needed) > limit - spent, `needed ${needed}, and ${limit - spent} were left`);
  }
  const served = answers.filter(({ status }) => status === 200);
  assert.equal(sumPico(served.map((answer) => String(answer.headers["x-purser-cost-usd"]))), spent);
});

test("a tight budget is not overspent by the first calls to a model", async () => {
  const call = {
    model: "cold",
    text: "Count the coins in the chest.",
    sim: { input: 900, output: 44, latency_ms: 100 },
    maxTokens: 44,
  };
  const cost = 900n * rates.input + 44n * rates.output;
  const { key, budgetId } = await setScene({ level: "project", amount: 20n * cost });
  const answers = await callAtOnce(many(callers, () => ({ ...call, key })));
  assert.equal(answers.filter(({ status }) => status === 200).length, 20);
  assert.equal((await standingOf(budgetId)).spent, 20n * cost);
  await assertQuiet();
});

test("streams of unknown length are served until the budget is used up, and then end cleanly and are charged", async () => {
  const { key, budgetId } = await setScene({ level: "org", amount: 2_000_000_000n });
  const calls = many(callers, (index) => ({
    key,
    model: "streamed",
    stream: true,
    text: "Tell a tale of coins.",
    sim: { output: 5 + ((index * 97) % 300), gap_ms: 5 },
    operationId: `stream-${index}`,
  }));
  const answers = await callAtOnce(calls);
  await assertQuiet();
  const served = answers.filter(({ status }) => status === 200);
  assert.ok(served.length > 5);
  assert.equal(answers.filter(({ status }) => status === 402).length, callers - served.length);
  for (const { text, broken } of served) {
    assert.equal(broken, false);
    assert.match(text, /"finish_reason":"(stop|length)"[^]*data: \[DONE\]/);
  }
  const entries = (await gateway.entries("model=streamed")).filter(({ operation_id }) =>
    operation_id.startsWith("stream-"),
  );
  assert.equal(entries.length, served.length);
  for (const { cost_usd, flags, status } of entries) {
    assert.ok(picoOf(cost_usd) > 0n);
    assert.equal(status, flags.includes("cut") ? "estimated" : "settled");
  }
  const { spent } = await standingOf(budgetId);
  assert.equal(sumPico(entries.map(({ cost_usd }) => cost_usd)), spent);
});

test("identical streams are served whole, as many as fit", async () => {
  const call = {
    model: "alike",
    stream: true,
    text: "Tell a tale of coins.",
    sim: { output: 90, gap_ms: 2 },
  };
  const warm = await setScene({ level: "org", amount: 10n ** 12n });
  await crowd.chat({ ...call, key: warm.key });
  const { key, budgetId } = await setScene({
    level: "team",
    amount: 20n * (13n * rates.input + 90n * rates.output),
  });
  const answers = await callAtOnce(many(callers, () => ({ ...call, key })));
  const served = answers.filter(({ status }) => status === 200);
  assert.equal(served.length, 20);
  for (const { text } of served) assert.match(text, /"finish_reason":"stop"/);
  const { spent, limit } = await standingOf(budgetId);
  assert.equal(spent, limit);
  await assertQuiet();
});
