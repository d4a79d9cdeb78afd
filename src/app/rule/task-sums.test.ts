/** Tests that the sums of tasks are exact, with at most one question for each page. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { aHold, anOutcome } from "../../domain/ledger/desk.test-kit.ts";
import { LedgerBench } from "../port/ledger.test-kit.ts";
import type { LedgerReader } from "../port/reader.ts";
import type { Charge } from "./page.ts";
import { TaskSums } from "./task-sums.ts";

const rule = { amount: 100n, currency: "USD" } as const;

/** A real ledger whose questions are counted. */
async function stage(t: TestContext) {
  const bench = await LedgerBench.open(t);
  let [questions, calls] = [0, 0];
  const totals: LedgerReader["totals"] = (...query) => {
    questions += 1;
    return bench.reader.totals(...query);
  };
  const sums = new TaskSums({ totals }, undefined);
  const spend = async (task: string, amount: number): Promise<Charge> => {
    const operationId = `op-${++calls}`;
    const hold = aHold(operationId, BigInt(amount), { attribution: { task } });
    await bench.ledger.commit(hold);
    const ended = { operationId, attempt: 1, outcome: anOutcome(BigInt(amount)) };
    const settle = { kind: "settle", at: 2, ...ended, fingerprint: null } as const;
    await bench.ledger.commit(settle);
    const { attribution, route } = hold;
    const entry = { ...settle, ...ended.outcome, overruns: [], late: false };
    return { entry, call: { at: 1, attribution, route } };
  };
  const page = async (charges: readonly Charge[]) => {
    const before = questions;
    sums.add(charges);
    const tasks = charges.map(({ call }) => call.attribution.task ?? "");
    const past = await sums.past([...new Set(tasks)], rule);
    return { past: Object.fromEntries(past), questions: questions - before };
  };
  return { spend, page };
}

test("all tasks of a page are asked for at once, and not again while they cannot be past the amount", async (t) => {
  const { spend, page } = await stage(t);
  const first = [await spend("a", 40), await spend("b", 120), await spend("c", 10)];
  assert.deepEqual(await page(first), { past: { b: 120n }, questions: 1 });
  assert.deepEqual(await page([await spend("a", 60)]), { past: {}, questions: 0 });
  assert.deepEqual(await page([await spend("a", 1)]), { past: { a: 101n }, questions: 1 });
});

test("a charge that the sum already had is asked for again, not counted twice", async (t) => {
  const { spend, page } = await stage(t);
  const [first, second] = [await spend("a", 60), await spend("a", 30)];
  assert.deepEqual(await page([first]), { past: {}, questions: 1 });
  assert.deepEqual(await page([second]), { past: {}, questions: 1 });
  assert.deepEqual(await page([await spend("a", 10)]), { past: {}, questions: 0 });
});
