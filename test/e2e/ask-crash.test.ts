/**
 * 200 callers at a budget that asks, with answers in between and kills: never overspent, and nobody
 * waits for ever.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Crowd } from "./crowd.ts";
import { picoOf, sumPico, type BookRow, type Entry } from "./figures.ts";
import { makeFolder, startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";
import { costOfRow } from "./reconcile.ts";
import { always, providerKey } from "./settings.ts";

const callers = 200;
const rounds = 4;
const runs = 10;
const seed = Number(process.env["PURSER_TEST_SEED"] ?? Date.now() % 1_000_000);

/** A seeded random generator, so failures can be reproduced. */
function seeded(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test(`a budget that asks 200 callers' money of people is never overspent (PURSER_TEST_SEED=${seed})`, async () => {
  const random = seeded(seed);
  const simulator = await startSimulatorProcess();
  const base_url = `${simulator.url}/openai/v1`;
  const house = { wire: "openai" as const, base_url, api_key: providerKey("openai") };
  const directory = await makeFolder();
  const config = "limits: { hold_wait_ms: 100 }";
  const options = { providers: { house }, directory, config };
  let gateway = await startGateway(options);
  const price = { provider: "house", model: "sim-small", input: "0.15", output: "0.613" };
  assert.equal((await gateway.api("POST", "/api/v1/prices", { body: price })).status, 201);
  const budget = { budget_id: "b", budget_type: "platform", resource_id: "main", ...always };
  const asks = { on_exhausted: "ask", ask_timeout: "10m", reserve_for_closing: "0.0002" };
  await gateway.makeBudget({ ...budget, ...asks, amount: "0.001" });
  const { key } = await gateway.makeKey({ project: "p" }, { may_refine: ["session"] });
  const seen = { 200: 0, 402: 0, 0: 0 } as Record<number, number>;

  for (let round = 1; round <= rounds; round++) {
    const crowd = new Crowd(gateway.url, callers);
    const open = new Set(Array.from({ length: callers }, (_, n) => n));
    const calls = Array.from({ length: callers }, async (_, n) => {
      const answered = await crowd.chat({
        key,
        model: "sim-small",
        maxTokens: 60,
        operationId: `r${round}-${n}`,
        sim: { output: 1 + Math.floor(random() * 60), latency_ms: 20, tag: `r${round}-${n}` },
        headers: {
          "x-purser-session": `r${round}-s${n % runs}`,
          ...(n % 3 === 0 && { "x-purser-closing": "true" }),
        },
      });
      open.delete(n);
      seen[answered.status] = (seen[answered.status] ?? 0) + 1;
      assert.ok([0, 200, 402].includes(answered.status), answered.text);
    });
    const killAfter = round % 2 === 1 ? 3 + Math.floor(random() * 6) : Number.POSITIVE_INFINITY;
    for (let answers = 0; open.size > 0; answers++) {
      if (answers >= killAfter) break;
      await sleep(random() * 150);
      await answerPeople(gateway, answers > 12 ? 0 : random());
      await checkLimit(gateway);
    }
    if (Number.isFinite(killAfter)) await gateway.kill();
    // Resolves: nobody waits for ever.
    await Promise.all(calls);
    await crowd.close();
    if (Number.isFinite(killAfter)) gateway = await startGateway(options);
  }

  await untilQuiet(gateway);
  const [entries, books] = await Promise.all([gateway.entries(), simulator.books()]);
  checkCharges(entries, books);
  const spent = picoOf(String((await gateway.budget("b"))["spent"]));
  assert.equal(spent, sumPico(entries.map(({ cost_usd }) => cost_usd)));
  assert.ok((seen[200] ?? 0) > 0 && (seen[402] ?? 0) > 0, JSON.stringify(seen));
  assert.equal(await gateway.stop(), 0);
  await simulator.stop();
  await checkJournal(directory);
});

/** Approves a little, or declines. @param chance Below 0.3 it declines. */
async function answerPeople(gateway: GatewayProcess, chance: number): Promise<void> {
  const [name, body] =
    chance < 0.3 ? ["decline", { reason: "enough" }] : ["extend", { amount: "0.0003" }];
  const { status } = await gateway.api("POST", `/api/v1/budgets/b/${name}`, { body });
  // 409: no question is open.
  assert.ok(status === 200 || (name === "decline" && status === 409), `${name}: ${status}`);
}

async function checkLimit(gateway: GatewayProcess): Promise<bigint> {
  const shown = await gateway.budget("b");
  const amount = (field: string): bigint => picoOf(String(shown[field]));
  const limit = amount("amount") + amount("granted");
  assert.ok(amount("spent") + amount("held") <= limit, "within the limit");
  assert.equal(amount("overrun"), 0n);
  return amount("held");
}

async function untilQuiet(gateway: GatewayProcess): Promise<void> {
  for (let looks = 0; (await checkLimit(gateway)) > 0n; looks++) {
    assert.ok(looks < 200, "every hold ends");
    await sleep(50);
  }
}

/** Every billed call is in the ledger once, charged what it was billed, or more if it was killed. */
function checkCharges(entries: readonly Entry[], books: readonly BookRow[]): void {
  const byId = new Map(entries.map((entry) => [entry.operation_id, entry]));
  assert.equal(byId.size, entries.length);
  for (const row of books.filter(({ billed }) => billed)) {
    const entry = byId.get(row.tag ?? "");
    assert.ok(entry, `${row.tag} is in the ledger`);
    const [cost, billed] = [picoOf(entry.cost_usd), costOfRow(row)];
    assert.ok(entry.status === "settled" ? cost === billed : cost >= billed, `${row.tag}`);
  }
}

async function checkJournal(directory: string): Promise<void> {
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const words = [main, "verify", "--data", path.join(directory, "data")];
  const verify = spawn(process.execPath, words, { stdio: "ignore" });
  assert.deepEqual(await once(verify, "exit"), [0, null]);
}
