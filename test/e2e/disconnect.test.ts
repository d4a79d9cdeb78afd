/** Callers that disconnect early are charged, with either disconnect policy. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Crowd, standings } from "./crowd.ts";
import { picoOf, sumPico, type BookRow, type Entry } from "./figures.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type SimulatorProcess,
} from "./process.ts";
import { always, providerKey } from "./settings.ts";

const calls = 60;
/** Pico-USD per output token. */
const outputPico = 600_000n;

interface Left {
  readonly gateway: GatewayProcess;
  readonly simulator: SimulatorProcess;
  readonly entries: readonly Entry[];
  /** The bills, by operation. */
  readonly billed: ReadonlyMap<string, BookRow>;
  /** Output tokens that the callers of streams got, by operation. */
  readonly passed: ReadonlyMap<string, number>;
}

/**
 * Sixty callers that disconnect at different times: before the headers, mid-stream, or never;
 * alternating streams and whole answers.
 */
async function leaveAtAllMoments(policy: "drain" | "cancel"): Promise<Left> {
  const simulator = await startSimulatorProcess();
  const house = {
    wire: "openai" as const,
    base_url: `${simulator.url}/openai/v1`,
    api_key: providerKey("openai"),
  };
  const gateway = await startGateway({ providers: { house }, config: `on_disconnect: ${policy}` });
  const price = { provider: "house", model: "sim-small", input: "0.15", output: "0.6" };
  assert.equal((await gateway.api("POST", "/api/v1/prices", { body: price })).status, 201);
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "10",
    ...always,
  });
  const { key } = await gateway.makeKey();
  const crowd = new Crowd(gateway.url, calls);
  const answer = { output: 40, latency_ms: 60, gap_ms: 4 };
  const stay = (operationId: string) =>
    crowd.chat({
      key,
      model: "sim-small",
      stream: true,
      sim: { ...answer, tag: operationId },
      operationId,
    });
  // The first call is a warm-up; the second measures how long an answer takes on this machine.
  await stay(`${policy}-first`);
  const begun = performance.now();
  await stay(`${policy}-second`);
  const lastLeavesMs = 3 * (performance.now() - begun);
  const passed = new Map<string, number>();
  await Promise.all(
    Array.from({ length: calls }, async (_, number) => {
      const operationId = `${policy}-${number}`;
      const sim = { ...answer, tag: operationId };
      const leaving = AbortSignal.timeout(Math.round((lastLeavesMs * (number + 1)) / calls));
      const { text } = await crowd.chat({
        key,
        model: "sim-small",
        stream: isStream(operationId),
        sim,
        operationId,
        signal: leaving,
      });
      passed.set(operationId, deltasIn(text));
    }),
  );
  await crowd.close();
  // Ensures that one leaves in the middle, however fast the machine is.
  passed.set(
    `${policy}-${calls}`,
    await leaveInTheMiddle(gateway, { key, operationId: `${policy}-${calls}`, sim: answer }),
  );
  // The earliest may never have reached the gateway; all others end by themselves.
  for (
    let tries = 0;
    tries < 200 && (await standings(gateway)).some(({ held }) => held > 0n);
    tries++
  )
    await sleep(25);
  await sleep(100);
  const entries = (await gateway.entries()).filter(({ status }) => status !== "released");
  const rows = await simulator.books();
  return {
    gateway,
    simulator,
    entries,
    billed: new Map(rows.filter((row) => row.billed).map((row) => [row.tag ?? "", row])),
    passed,
  };
}

/** @returns The output tokens that the caller of a stream got until it left. */
async function leaveInTheMiddle(
  gateway: GatewayProcess,
  {
    key,
    operationId,
    sim,
  }: { readonly key: string; readonly operationId: string; readonly sim: object },
): Promise<number> {
  const leaving = new AbortController();
  const response = await fetch(`${gateway.url}/house/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-purser-operation-id": operationId,
    },
    body: JSON.stringify({
      model: "sim-small",
      stream: true,
      sim: { ...sim, tag: operationId, gap_ms: 50 },
      messages: [{ role: "user", content: "Hello" }],
    }),
    signal: leaving.signal,
  });
  let text = "";
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (deltasIn(text) > 0) break;
  }
  leaving.abort();
  return deltasIn(text);
}

function deltasIn(text: string): number {
  return text.match(/"delta":\{"content":"[^"]/g)?.length ?? 0;
}

/** Alternates streams and whole answers. */
function isStream(operationId: string): boolean {
  return Number(operationId.split("-").at(-1)) % 2 === 0;
}

async function checkBudget({ gateway, entries }: Left): Promise<void> {
  const [all] = await standings(gateway);
  assert.deepEqual([all?.held, all?.spent], [0n, sumPico(entries.map((entry) => entry.cost_usd))]);
  assert.ok(entries.length > 0, "some were made before their callers left");
}

function costOf(row: BookRow): bigint {
  return BigInt(row.input) * 150_000n + BigInt(row.output) * outputPico;
}

test("with drain, an abandoned answer is charged as the provider billed it", async () => {
  const left = await leaveAtAllMoments("drain");
  await checkBudget(left);
  for (const entry of left.entries) {
    const row = left.billed.get(entry.operation_id);
    assert.ok(row, `${entry.operation_id} was billed`);
    assert.equal(picoOf(entry.cost_usd), costOf(row), entry.operation_id);
    assert.equal(entry.status, "settled");
  }
  assert.ok(left.entries.some((entry) => entry.flags.includes("aborted")));
});

test("with cancel, it is charged by estimate: at least the delivered output, and for a stream not much more than received", async () => {
  const left = await leaveAtAllMoments("cancel");
  await checkBudget(left);
  const guessed = left.entries.filter((entry) => entry.status !== "settled");
  for (const entry of guessed.filter(({ operation_id: id }) => isStream(id))) {
    assert.equal(
      entry.status,
      "estimated",
      `${entry.operation_id} is charged by what came, and not at what was held`,
    );
    const most = 2 * (left.billed.get(entry.operation_id)?.output ?? 0) + 32;
    assert.ok(
      (entry.usage.output ?? 0) <= most,
      `${entry.operation_id}: ${entry.usage.output} output tokens, and at most ${most}`,
    );
  }
  assert.ok(guessed.length > 0, "some left before the end");
  for (const entry of guessed) {
    assert.ok(entry.flags.includes("aborted"), `${entry.operation_id} says that its caller left`);
    const passed = left.passed.get(entry.operation_id) ?? 0;
    assert.ok(
      picoOf(entry.cost_usd) >= BigInt(passed) * outputPico,
      `${entry.operation_id}: ${entry.cost_usd} for ${passed} output tokens`,
    );
    assert.notEqual(picoOf(entry.cost_usd), 0n);
  }
  assert.ok(
    guessed.some(({ operation_id: id }) => (left.passed.get(id) ?? 0) > 0),
    "some had got a part of their answer",
  );
});
