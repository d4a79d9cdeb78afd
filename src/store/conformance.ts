/** What every ledger must do, as tests that each implementation runs on its real engine. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Ledger, LedgerReader } from "../app/ports.ts";
import { PurserError, type ErrorCode } from "../domain/error.ts";
import type { Balance } from "../domain/ledger/command.ts";
import { pico } from "../domain/money/money.ts";
import { attribution, hold, outcome, putBudget, settle, start, tree, treeIds, usd, usualOutcome } from "./conformance-fixture.ts";
import { readerConformance } from "./reader-conformance.ts";

/** An open ledger, with what a test does to it from outside. */
export interface StoreUnderTest {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  /** Ends it as a process ends in good order, and opens it again. This one is of no use then. */
  reopen(): Promise<StoreUnderTest>;
  /** From now on nothing can be written, until `mend`. */
  fail(): void;
  mend(): void;
  /** Closes it, and removes what it kept. */
  remove(): Promise<void>;
}

export type OpenStore = () => Promise<StoreUnderTest>;

/** Registers the tests. @param open Opens a new, empty ledger each time. */
export function ledgerConformance(name: string, open: OpenStore): void {
  describe(`${name}: ledger`, () => {
    testHolding(open);
    testEnding(open);
    testRepeating(open);
    testReopening(open);
    testFailing(open);
  });
  describe(`${name}: reader`, () => readerConformance(open));
}

function testHolding(open: OpenStore): void {
  test("of 200 holds at once on four levels, as many are admitted as there is room for, and no more", async () => {
    await using(open, async ({ ledger }) => {
      for (const command of tree([usd(100), usd(37), usd(50), usd(60)])) await ledger.commit(command);
      const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => ledger.commit(hold(`op${n}`, usd(1)))));
      assert.equal(answers.filter(({ admitted }) => admitted).length, 37);
      for (const id of treeIds) assert.equal(only(ledger.balances(id, start)).held, usd(37));
      const refused = answers.find((answer) => !answer.admitted);
      assert.equal(refused?.admitted === false && refused.refusal.budgetId, "org");
    });
  });

  test("a hold is held in every budget or in none", async () => {
    await using(open, async ({ ledger }) => {
      for (const command of tree([usd(1), usd(10), usd(10), usd(10)])) await ledger.commit(command);
      const answer = await ledger.commit(hold("op", usd(2)));
      assert.equal(answer.admitted, false);
      for (const id of treeIds)
        assert.equal(
          ledger.balances(id, start).every(({ held }) => held === 0n),
          true,
        );
      assert.deepEqual(ledger.openHolds(), []);
    });
  });

  test("whatever is asked in whatever order, spent and held stay within the limit, and end as the sum of the charges", async () => {
    const call = fc.record({
      amount: fc.integer({ min: 1, max: 9 }),
      topUp: fc.integer({ min: 0, max: 3 }),
      end: fc.constantFrom("settle", "release", "expire"),
      share: fc.integer({ min: 0, max: 100 }),
      team: fc.constantFrom("t1", "t2"),
    });
    const property = fc.asyncProperty(fc.array(call, { maxLength: 30 }), async (calls) => {
      await using(open, async ({ ledger, reader }) => {
        for (const command of tree([usd(40), usd(30), usd(20), usd(15)])) await ledger.commit(command);
        const charged = await Promise.all(calls.map((one, n) => runCall(ledger, { ...one, n })));
        await ledger.commit({ kind: "expire", at: start + 10_000 });
        const sum = charged.reduce((total, cost) => total + cost, 0n);
        const balance = only(ledger.balances("all", start));
        assert.deepEqual([balance.held, balance.spent, balance.overrun], [0n, sum, 0n]);
        for (const id of treeIds) for (const { available } of ledger.balances(id, start)) assert.equal(available >= 0n, true);
        assert.deepEqual(ledger.openHolds(), []);
        assert.equal((await reader.verify()).ok, true);
      });
    });
    await fc.assert(property, { numRuns: 8 });
  });
}

interface RandomCall {
  readonly n: number;
  readonly amount: number;
  readonly topUp: number;
  readonly end: "settle" | "release" | "expire";
  readonly share: number;
  readonly team: string;
}

/** @returns What it charged. */
async function runCall(ledger: Ledger, { n, amount, topUp, end, share, team }: RandomCall): Promise<bigint> {
  const operationId = `op${n}`;
  const command = hold(operationId, usd(amount), { attribution: { ...attribution, team }, expiresAt: start + 5000 });
  const held = await ledger.commit(command);
  for (const id of treeIds) for (const balance of ledger.balances(id, start)) assert.equal(balance.available >= 0n, true);
  if (!held.admitted) return 0n;
  const more =
    topUp > 0
      ? await ledger.commit({ kind: "top_up", at: start, operationId, attempt: 1, amount: { usd: usd(topUp), tokens: 1n, requests: 0n } })
      : { admitted: false };
  if (end === "expire") return 0n;
  if (end === "release") {
    await ledger.decide({ kind: "release", at: start, operationId, attempt: 1, reason: "upstream failed" });
    return 0n;
  }
  const most = held.amount.usd + (more.admitted ? usd(topUp) : 0n);
  const cost = pico((most * BigInt(share)) / 100n);
  await ledger.decide(settle(operationId, cost));
  return cost;
}

function testEnding(open: OpenStore): void {
  test("a hold ends once", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.commit(putBudget("all", usd(10)));
      for (const id of ["settled", "released"]) await ledger.commit(hold(id, usd(2)));
      await ledger.commit(settle("settled", usd(1), { fingerprint: "a" }));
      await ledger.commit({ kind: "release", at: start, operationId: "released", attempt: 1, reason: "no answer" });
      await rejects(ledger.commit(settle("settled", usd(2), { fingerprint: "b" })), "conflict");
      await rejects(ledger.commit(settle("released", usd(1))), "conflict");
      await rejects(ledger.commit({ kind: "release", at: start, operationId: "settled", attempt: 1, reason: "" }), "conflict");
      await rejects(ledger.commit(settle("never held", usd(1))), "not_found");
      const { held, spent } = only(ledger.balances("all", start));
      assert.deepEqual([held, spent], [0n, usd(1)]);
    });
  });

  test("a hold that expired is given back, and a late settlement of it is still charged, once", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(10)));
      await store.ledger.commit(hold("op", usd(4), { expiresAt: start + 100 }));
      const early = await store.ledger.commit({ kind: "expire", at: start + 99 });
      const due = await store.ledger.commit({ kind: "expire", at: start + 100 });
      assert.deepEqual([early.expired.length, due.expired], [0, [{ operationId: "op", attempt: 1 }]]);
      assert.equal(only(store.ledger.balances("all", start)).held, 0n);
      const again = await store.reopen();
      const late = settle("op", usd(3), { at: start + 5000, fingerprint: "f" });
      assert.equal((await again.ledger.commit(late)).repeated, false);
      assert.equal((await again.ledger.commit(late)).repeated, true);
      const { held, spent } = only(again.ledger.balances("all", start));
      assert.deepEqual([held, spent], [0n, usd(3)]);
      const calls = await again.reader.calls({}, { limit: 10, before: null });
      assert.deepEqual(
        calls.map(({ status, cost }) => [status, cost]),
        [["settled", usd(3)]],
      );
      assert.equal((await again.reader.verify()).ok, true);
      return again;
    });
  });

  test("a cost past the hold and the limit is an overrun, and blocks the next call", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.commit(putBudget("all", usd(5)));
      await ledger.commit(hold("op", usd(5)));
      await ledger.commit(settle("op", usd(7)));
      const { spent, overrun, available } = only(ledger.balances("all", start));
      assert.deepEqual([spent, overrun, available], [usd(7), usd(2), usd(-2)]);
      assert.equal((await ledger.commit(hold("next", usd(0.001)))).admitted, false);
    });
  });
}

function testRepeating(open: OpenStore): void {
  test("the same id and body gives the same answer and one charge, also after a restart; another body is a conflict", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(10)));
      const command = hold("op", usd(2), { repeat: "only", fingerprint: "body" });
      const first = await store.ledger.commit(command);
      const second = await store.ledger.commit(command);
      assert.deepEqual([first.admitted && first.repeated, second.admitted && second.repeated], [false, true]);
      await rejects(store.ledger.commit({ ...command, fingerprint: "other" }), "conflict");
      await store.ledger.commit(settle("op", usd(1), { fingerprint: "end" }));
      const again = await store.reopen();
      const third = await again.ledger.commit(command);
      assert.equal(third.admitted && third.repeated, true);
      await rejects(again.ledger.commit({ ...command, fingerprint: "other" }), "conflict");
      assert.equal((await again.ledger.commit(settle("op", usd(1), { fingerprint: "end" }))).repeated, true);
      assert.equal(only(again.ledger.balances("all", start)).spent, usd(1));
      return again;
    });
  });

  test("a further attempt of an ended operation is a call of its own; one in flight is a conflict", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(10)));
      await store.ledger.commit(hold("op", usd(2), { repeat: "next" }));
      await rejects(store.ledger.commit(hold("op", usd(2), { repeat: "next" })), "conflict");
      await store.ledger.commit(settle("op", usd(1)));
      const again = await store.reopen();
      const next = await again.ledger.commit(hold("op", usd(2), { repeat: "next" }));
      assert.equal(next.admitted && next.call.attempt, 2);
      await again.ledger.commit(settle("op", usd(2), { attempt: 2 }));
      const calls = await again.reader.calls({ operationId: "op" }, { limit: 10, before: null });
      assert.deepEqual(
        calls.map(({ attempt, cost }) => [attempt, cost]),
        [
          [2, usd(2)],
          [1, usd(1)],
        ],
      );
      return again;
    });
  });
}

function testReopening(open: OpenStore): void {
  test("after a restart the balances, holds, budgets, keys and prices are what they were", async () => {
    await using(open, async (store) => {
      await fill(store.ledger);
      const before = snapshot(store.ledger);
      const again = await store.reopen();
      assert.deepEqual(snapshot(again.ledger), before);
      assert.equal(again.ledger.holdOf("open")?.amount.usd, usd(3));
      assert.equal((await again.reader.verify()).ok, true);
      return again;
    });
  });

  test("a threshold is crossed once for each counter, also across a restart", async () => {
    await using(open, async (store) => {
      const thresholds = [500_000, 800_000].map((partsPerMillion) => ({ partsPerMillion, action: "notify" as const }));
      await store.ledger.commit(putBudget("all", usd(10), { thresholds }));
      const first = await charge(store.ledger, "a", 6);
      const second = await charge(store.ledger, "b", 1);
      const again = await store.reopen();
      const third = await charge(again.ledger, "c", 0.5);
      const fourth = await charge(again.ledger, "d", 1);
      assert.deepEqual([first, second, third, fourth], [[500_000], [], [], [800_000]]);
      const alerts = await again.reader.alerts({ budgetId: null, limit: 10, before: null });
      assert.deepEqual(
        alerts.map(({ partsPerMillion, spent }) => [partsPerMillion, spent]),
        [
          [800_000, usd(8.5)],
          [500_000, usd(6)],
        ],
      );
      return again;
    });
  });

  test("what was decided before a commit is durable with it", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(10)));
      await store.ledger.commit(hold("first", usd(1)));
      const settled = store.ledger.decide(settle("first", usd(1)));
      await store.ledger.commit(hold("second", usd(1)));
      assert.equal((await settled).repeated, false);
      const calls = await store.reader.calls({}, { limit: 10, before: null });
      assert.deepEqual(
        calls.map(({ operationId }) => operationId),
        ["first"],
      );
    });
  });
}

function testFailing(open: OpenStore): void {
  test("while nothing can be written, commits fail and change nothing; what was answered before is not lost", async () => {
    await using(open, async (store) => {
      const { ledger, reader } = store;
      await ledger.commit(putBudget("all", usd(10)));
      await ledger.commit(hold("open", usd(2)));
      store.fail();
      const charged = ledger.decide(settle("open", usd(1)));
      await rejects(ledger.commit(hold("refused", usd(3))), "store_unavailable");
      await rejects(ledger.commit(hold("refused too", usd(3))), "store_unavailable");
      assert.equal((await charged).repeated, false);
      const { held, spent } = only(ledger.balances("all", start));
      assert.deepEqual([held, spent], [0n, usd(1)]);
      store.mend();
      await eventually(() => ledger.flush());
      assert.equal((await ledger.commit(hold("admitted", usd(3)))).admitted, true);
      const again = await store.reopen();
      assert.deepEqual(
        again.ledger.openHolds().map(({ operationId }) => operationId),
        ["admitted"],
      );
      assert.equal(only(again.ledger.balances("all", start)).spent, usd(1));
      assert.equal((await again.reader.verify()).ok, true);
      void reader;
      return again;
    });
  });

  test("a closed ledger takes nothing", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.close();
      await rejects(ledger.commit(putBudget("all", usd(1))), "shutting_down");
    });
  });
}

async function fill(ledger: Ledger): Promise<void> {
  for (const command of tree([usd(100), usd(37), usd(50), usd(60)])) await ledger.commit(command);
  await ledger.commit(
    putBudget("tokens", pico(5000n), {
      currency: "tokens",
      period: "day",
      unpriced: { policy: "allow", fallback: { input: usd(1), output: usd(2) } },
    }),
  );
  await ledger.commit({ kind: "delete_budget", at: start, budgetId: "project" });
  await ledger.commit({ kind: "put_key", at: start, key: testKey });
  await ledger.commit({ kind: "put_price", at: start, price: testPrice });
  await ledger.commit(hold("open", usd(2), { expiresAt: start + 9000, fingerprint: "f" }));
  await ledger.commit({ kind: "top_up", at: start, operationId: "open", attempt: 1, amount: { usd: usd(1), tokens: 5n, requests: 0n } });
  await ledger.commit(hold("ended", usd(4)));
  await ledger.commit(settle("ended", usd(0), { outcome: usualOutcome(800, 300) }));
}

const testKey = {
  keyId: "key_1",
  name: "ci",
  hash: "ab".repeat(32),
  hint: "psk_ab",
  role: "caller",
  attribution,
  mayRefine: ["task", "tags"],
  models: null,
  providers: ["openai"],
  budgets: ["all"],
  maxConcurrent: 4,
  createdAt: start,
  expiresAt: null,
  revokedAt: null,
} as const;

const testPrice = {
  provider: "openai",
  model: "my-model",
  match: "exact",
  perMillion: { input: "0.15" },
  validFrom: null,
  validTo: null,
  source: "api",
} as const;

function snapshot(ledger: Ledger): unknown {
  return {
    budgets: ledger.budgets(),
    keys: ledger.keys(),
    byHash: ledger.keyByHash(testKey.hash),
    prices: ledger.prices(),
    holds: ledger.openHolds(),
    balances: [...treeIds, "tokens"].map((id) => ledger.balances(id, start)),
  };
}

/** @returns The thresholds that it crossed. */
async function charge(ledger: Ledger, operationId: string, amount: number): Promise<readonly number[]> {
  await ledger.commit(hold(operationId, usd(amount)));
  const { crossed } = await ledger.commit(settle(operationId, usd(amount), { outcome: outcome(usd(amount)) }));
  return crossed.map(({ partsPerMillion }) => partsPerMillion);
}

export function only(balances: readonly Balance[]): Balance {
  const [balance] = balances;
  assert.equal(balances.length, 1);
  assert.ok(balance);
  return balance;
}

/** Runs a test on a new store, and removes the store, or the one that took its place. */
export async function using(open: OpenStore, run: (store: StoreUnderTest) => Promise<StoreUnderTest | void>): Promise<void> {
  const store = await open();
  const last = await run(store);
  await (last ?? store).remove();
}

async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof PurserError && error.code === code);
}

/** Tries until it succeeds; the time limit of the test runner ends it. */
async function eventually(attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PurserError) || error.code !== "store_unavailable") throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
