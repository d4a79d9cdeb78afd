/**
 * Kills the gateway at random moments under load: everything the provider billed is in the ledger,
 * exactly once.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Crowd, standings } from "./crowd.ts";
import { picoOf, sumPico, type BookRow, type Entry } from "./figures.ts";
import { makeFolder, startGateway, startSimulatorProcess, type GatewayOptions } from "./process.ts";
import { costOfRow } from "./reconcile.ts";
import { always, providerKey } from "./settings.ts";

const rounds = 15;
const callers = 40;
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** A seeded random generator, so failures can be reproduced. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const seed = Number(process.env["PURSER_TEST_SEED"] ?? Date.now() % 1_000_000);

test(`no spend is lost or charged twice by ${rounds} kills under load (PURSER_TEST_SEED=${seed})`, async () => {
  const random = seeded(seed);
  const simulator = await startSimulatorProcess();
  const house = {
    wire: "openai" as const,
    base_url: `${simulator.url}/openai/v1`,
    api_key: providerKey("openai"),
  };
  const options: GatewayOptions = {
    providers: { house },
    config: "limits: { hold_wait_ms: 0 }",
    directory: await makeFolder(),
  };

  let gateway = await startGateway(options);
  const price = { provider: "house", model: "sim-small", input: "0.15", output: "0.613" };
  assert.equal((await gateway.api("POST", "/api/v1/prices", { body: price })).status, 201);
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "100",
    ...always,
  });
  await gateway.makeBudget({
    budget_id: "p",
    parent_budget_id: "all",
    budget_type: "project",
    resource_id: "p",
    amount: "100",
    ...always,
  });
  const { key } = await gateway.makeKey({ project: "p" });
  const answered = new Set<string>();

  for (let round = 0; round < rounds; round++) {
    const crowd = new Crowd(gateway.url, callers);
    const killing = new AbortController();
    const caller = async (number: number): Promise<void> => {
      for (let call = 0; !killing.signal.aborted; call++) {
        const operationId = `r${round}-c${number}-${call}`;
        const stream = random() < 0.5;
        const sim = {
          output: 1 + Math.floor(random() * 60),
          latency_ms: Math.floor(random() * 40),
          gap_ms: stream ? 1 : 0,
          tag: operationId,
        };
        const { status, broken, text } = await crowd.chat({
          key,
          model: "sim-small",
          stream,
          sim,
          operationId,
        });
        if (status === 200 && !broken && (!stream || text.includes("[DONE]")))
          answered.add(operationId);
      }
    };
    const load = Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
    await sleep(random() * 300);
    killing.abort();
    await gateway.kill();
    await load;
    await crowd.close();
    if (round % 3 === 0) await killWhileStarting(options, random() * 500);
    gateway = await startGateway(options);
  }

  const [entries, rows] = await Promise.all([gateway.entries(), simulator.books()]);
  checkCalls(entries, rows, answered);
  for (const { budgetId, spent, held } of await standings(gateway)) {
    assert.equal(held, 0n, `${budgetId} holds nothing`);
    assert.equal(
      spent,
      sumPico(entries.map((entry) => entry.cost_usd)),
      `${budgetId} has spent the sum of its entries`,
    );
  }
  assert.equal(await gateway.stop(), 0);
  const verify = spawn(
    process.execPath,
    [main, "verify", "--data", path.join(options.directory ?? "", "data")],
    { stdio: "ignore" },
  );
  assert.deepEqual(await once(verify, "exit"), [0, null]);
});

/** Kills a start at a random point: opening, recovering or listening. */
async function killWhileStarting(
  { directory = "" }: GatewayOptions,
  afterMs: number,
): Promise<void> {
  const words = [
    main,
    "serve",
    "--port",
    "0",
    "--data",
    path.join(directory, "data"),
    "--config",
    path.join(directory, "purser.yaml"),
  ];
  const child = spawn(process.execPath, words, { stdio: "ignore" });
  await sleep(afterMs);
  child.kill("SIGKILL");
  await once(child, "exit");
}

function checkCalls(
  entries: readonly Entry[],
  rows: readonly BookRow[],
  answered: ReadonlySet<string>,
): void {
  const byId = new Map<string, Entry>();
  for (const entry of entries) {
    assert.ok(!byId.has(entry.operation_id), `${entry.operation_id} is in the ledger once`);
    byId.set(entry.operation_id, entry);
  }
  for (const row of rows.filter(({ billed }) => billed)) {
    const entry = byId.get(row.tag ?? "");
    assert.ok(entry, `${row.tag} was billed and is in the ledger`);
    // The test uses the prices of openai/sim-small, the name of the model in the books.
    if (entry.status === "settled")
      assert.equal(picoOf(entry.cost_usd), costOfRow(row), `${row.tag} costs what it was billed`);
    else
      assert.ok(
        picoOf(entry.cost_usd) >= costOfRow(row),
        `${row.tag} (${entry.status}) is charged no less than it was billed`,
      );
  }
  const statuses = Map.groupBy(entries, ({ status }) => status);
  assert.ok((statuses.get("settled")?.length ?? 0) > rounds, "calls were served between the kills");
  assert.ok(
    (statuses.get("unresolved")?.length ?? 0) > 0,
    "calls were under way when it was killed",
  );
  for (const operationId of answered)
    assert.notEqual(
      byId.get(operationId),
      undefined,
      `${operationId} was answered and is in the ledger`,
    );
}
