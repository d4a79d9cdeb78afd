/** Tests the parts of `purser replay`: trace, plan, schedule, statistics and comparison. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import fc from "fast-check";
import { Pool } from "undici";
import { pico } from "../../domain/money/money.ts";
import { startSimulator } from "../../simulator/simulator.ts";
import { openCatalogue } from "../../catalogue/catalogue.ts";
import { readBooks } from "./books.ts";
import { bodyOf, makeCall } from "./drive.ts";
import { type PlannedCall, planCalls, teamsOf } from "./plan.ts";
import { priceBooks, reconcile, since } from "./reconcile.ts";
import { runSchedule } from "./schedule.ts";
import { quantiles, Statistics } from "./statistics.ts";
import { notCompared } from "./text.ts";
import { readTrace } from "./trace.ts";

const heading = "TIMESTAMP,ContextTokens,GeneratedTokens";
const who = { teams: 3, agents: 12, users: 50, streamShare: 0.3, seed: 1 };

test("a trace may have carriage returns, seven decimals and no final line end", () => {
  const rows = readTrace(
    `${heading}\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109`,
    "t.csv",
  );
  assert.deepEqual(rows, [
    { afterMs: 0, inputTokens: 374, outputTokens: 44 },
    { afterMs: 4314.579, inputTokens: 396, outputTokens: 109 },
  ]);
});

const faults: readonly (readonly [name: string, text: string, line: number])[] = [
  ["another heading", "a,b,c\n1,2,3", 1],
  ["no rows", `${heading}\r\n`, 2],
  ["a missing column", `${heading}\n2023-11-16 18:15:46.68,374`, 2],
  ["a negative count", `${heading}\n2023-11-16 18:15:46.68,-374,1`, 2],
  ["a count with decimals", `${heading}\n2023-11-16 18:15:46.68,3.5,1`, 2],
  ["an absurd count", `${heading}\n2023-11-16 18:15:46.68,999999999,1`, 2],
  ["a day that does not exist", `${heading}\n2023-02-30 18:15:46.68,1,1`, 2],
  [
    "a row that goes back in time",
    `${heading}\n2023-11-16 18:15:46,1,1\n2023-11-16 18:15:45,1,1`,
    3,
  ],
  [
    "a blank line in the middle",
    `${heading}\n2023-11-16 18:15:46,1,1\n\n2023-11-16 18:15:47,1,1`,
    3,
  ],
];
for (const [name, text, line] of faults) {
  test(`a trace with ${name} is refused with its line`, () => {
    assert.throws(() => readTrace(text, "t.csv"), {
      code: "invalid_request",
      message: new RegExp(`^t\\.csv, line ${line}: `),
    });
  });
}

const recorded = fileURLToPath(
  new URL("../../../../shared/data/traces/AzureLLMInferenceTrace_conv.csv", import.meta.url),
);
if (existsSync(recorded)) {
  test("the recorded trace is read completely", () => {
    const rows = readTrace(readFileSync(recorded, "utf8"), "trace");
    assert.equal(rows.length, 19_366);
    assert.equal(
      rows.reduce((sum, row) => sum + row.inputTokens, 0),
      22_361_870,
    );
    assert.equal(
      rows.reduce((sum, row) => sum + row.outputTokens, 0),
      4_088_665,
    );
  });
}

test("the same seed plans the same calls, and an agent belongs to one team and one model", () => {
  const rows = Array.from({ length: 500 }, (_, index) => ({
    afterMs: index,
    inputTokens: 1,
    outputTokens: 1,
  }));
  const calls = planCalls(rows, who);
  assert.deepEqual(calls, planCalls(rows, who));
  assert.notDeepEqual(calls, planCalls(rows, { ...who, seed: 2 }));
  assert.deepEqual([...new Set(calls.map((call) => call.team))].sort(), [...teamsOf(3)].sort());
  for (const same of Map.groupBy(calls, (call) => call.agent).values())
    assert.equal(new Set(same.map((call) => `${call.team} ${call.model}`)).size, 1);
});

test("every call is sent once and in order, within the concurrency limit", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat(50), { maxLength: 40 }),
      async (concurrency, gaps) => {
        let at = 0;
        const calls = gaps.map((gap) => ({ afterMs: (at += gap) }));
        const seen: number[] = [];
        let under = 0;
        const send = async (_: unknown, index: number): Promise<void> => {
          under += 1;
          assert.ok(under <= concurrency);
          seen.push(index);
          await Promise.resolve();
          under -= 1;
        };
        const options = {
          speed: Number.POSITIVE_INFINITY,
          concurrency,
          now: () => 0,
          sleep: async () => {},
          signal: new AbortController().signal,
        };
        const report = await runSchedule(calls, send, options);
        assert.deepEqual(
          seen,
          calls.map((_, index) => index),
        );
        assert.equal(report.started, calls.length);
      },
    ),
  );
});

test("a call waits for its time, scaled by the speed", async () => {
  let clock = 0;
  const sentAt: number[] = [];
  const calls = [{ afterMs: 0 }, { afterMs: 1000 }, { afterMs: 5000 }];
  await runSchedule(calls, async () => void sentAt.push(clock), {
    speed: 10,
    concurrency: 1,
    now: () => clock,
    sleep: async (ms) => void (clock += ms),
    signal: new AbortController().signal,
  });
  assert.deepEqual(sentAt, [0, 100, 500]);
});

test("no call is sent after an interruption", async () => {
  const controller = new AbortController();
  let sent = 0;
  const send = async (): Promise<void> => {
    sent += 1;
    if (sent === 3) controller.abort();
  };
  const calls = Array.from({ length: 10 }, () => ({ afterMs: 0 }));
  await runSchedule(calls, send, {
    speed: 1,
    concurrency: 1,
    now: () => 0,
    sleep: async () => {},
    signal: controller.signal,
  });
  assert.equal(sent, 3);
});

test("quantiles are measured values", () => {
  assert.deepEqual(quantiles([5, 1, 4, 2, 3]), { p50: 3, p99: 5, max: 5 });
  assert.equal(quantiles([]), null);
});

test("the sums over teams equal the total, whatever the outcomes", () => {
  const outcome = fc.record({
    result: fc.constantFrom(
      "served" as const,
      "cut" as const,
      "refused" as const,
      "failed" as const,
    ),
    reason: fc.constant(null),
    cost: fc.option(fc.nat(1_000_000).map((micro) => `0.${String(micro).padStart(7, "0")}`)),
    latencyMs: fc.nat(),
    firstByteMs: fc.constant(null),
    operationId: fc.constant(null),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), outcome)), (calls) => {
      const statistics = new Statistics();
      for (const [team, result] of calls) statistics.record({ team, tag: "t" }, result);
      const sums = statistics.sums();
      assert.equal(sums.calls, calls.length);
      assert.equal(sums.served + sums.cut + sums.refused + sums.failed, calls.length);
      assert.equal(
        sums.cost,
        sums.teams.reduce((sum, team) => sum + team.cost, 0n),
      );
    }),
  );
});

test("a difference of one token or one pico-dollar is reported", () => {
  const row = { model: "sim-small", calls: 2, usage: { input: 10, output: 5 }, cost: pico(7n) };
  assert.ok(reconcile([row], [row]).equal);
  assert.deepEqual(
    reconcile([row], [{ ...row, usage: { input: 10, output: 6 } }]).models[0]?.differences,
    ["output"],
  );
  assert.deepEqual(reconcile([row], [{ ...row, cost: pico(8n) }]).models[0]?.differences, ["cost"]);
  assert.deepEqual(reconcile([row], []).models[0]?.differences, [
    "calls",
    "input",
    "output",
    "cost",
  ]);
  assert.ok(!reconcile([], [row]).equal);
});

test("if books are not compared, only the missing options are named", () => {
  assert.match(notCompared({ adminKey: "k" }), /: this requires --simulator\.$/);
  assert.match(notCompared({}), /: this requires --admin-key and --simulator\.$/);
});

test("only the difference between two readings counts", () => {
  const before = [{ model: "a", calls: 2, usage: { input: 10 }, cost: pico(5n) }];
  const after = [
    { model: "a", calls: 3, usage: { input: 14, output: 1 }, cost: pico(9n) },
    { model: "b", calls: 1, usage: { input: 1 }, cost: pico(1n) },
  ];
  assert.deepEqual(since(before, after), [
    { model: "a", calls: 1, usage: { input: 4, output: 1 }, cost: 4n },
    after[1],
  ]);
  assert.deepEqual(since(after, after), []);
});

test("a call requests the recorded counts from the simulator, in a body of about that size", async () => {
  const simulator = await startSimulator();
  const pool = new Pool(simulator.url, { connections: 2 });
  const call: PlannedCall = {
    afterMs: 0,
    inputTokens: 374,
    outputTokens: 44,
    team: "atlas",
    agent: "a",
    user: "u",
    model: "sim-small",
    stream: false,
  };
  const calls = [call, { ...call, stream: true, outputTokens: 9 }];
  try {
    assert.ok(Math.abs(bodyOf(call, "t-1").length - 374 * 4) < 200);
    for (const one of calls) {
      const outcome = await makeCall(one, { pool, keyOf: () => "key", now: () => 0, tag: "t-1" });
      assert.equal(outcome.result, "served");
      assert.equal(outcome.firstByteMs, one.stream ? 0 : null);
    }
    const books = await readBooks(simulator.url);
    const { book } = { book: (await openCatalogue()).book([]) };
    assert.deepEqual(
      [books[0]?.calls, books[0]?.usage.input, books[0]?.usage.output],
      [2, 748, 53],
    );
    assert.equal(
      priceBooks(
        book,
        [{ model: "sim-small", calls: 2, usage: { input: 748, output: 53 } }],
        Date.now(),
      )[0]?.cost,
      748n * 150_000n + 53n * 600_000n,
    );
  } finally {
    await pool.close();
    await simulator.close();
  }
});

test("a gateway that does not respond gives a failed call, not an exception", async () => {
  const simulator = await startSimulator();
  await simulator.close();
  const pool = new Pool(simulator.url, { connections: 1 });
  const call: PlannedCall = {
    afterMs: 0,
    inputTokens: 1,
    outputTokens: 1,
    team: "atlas",
    agent: "a",
    user: "u",
    model: "sim-small",
    stream: false,
  };
  const outcome = await makeCall(call, { pool, keyOf: () => "key", now: () => 0, tag: "t-1" });
  await pool.destroy();
  assert.deepEqual([outcome.result, outcome.reason], ["failed", "no answer (ECONNREFUSED)"]);
});
