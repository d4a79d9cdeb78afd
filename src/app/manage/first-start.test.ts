/** Tests what a start adds to the ledger. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { defineKey } from "../../domain/key/define.ts";
import { defineBudget } from "../../domain/budget/define.ts";
import { aBudget, aHold, anOutcome } from "../../domain/ledger/desk.test-kit.ts";
import { hashSecret } from "../caller/secret.ts";
import { LedgerBench } from "../port/ledger.test-kit.ts";
import { declare, hasLiveAdminKey, makeFirstKeys } from "./first-start.ts";
import { createKey, revokeKey } from "./manage-keys.ts";

const secret = "a-secret-of-the-tests";
const ci = { secret, definition: defineKey({ name: "ci" }) };

test("declared budgets and keys are added once, and changed when they differ", async (t) => {
  const bench = await LedgerBench.open(t);
  const b = aBudget({ budgetId: "b" });
  const changes = async (budgets = [b], keys = [ci]) =>
    (await declare(bench, { budgets, keys })).map(({ name, what, fields }) => [
      name,
      what,
      ...fields,
    ]);
  assert.deepEqual(await changes(), [
    ["b", "added"],
    ["ci", "added"],
  ]);
  const key = bench.ledger.keyByHash(hashSecret(secret));
  assert.deepEqual(await changes(), []);
  bench.pass(1000);
  assert.deepEqual(
    await changes(
      [{ ...b, amount: 7n }],
      [{ secret, definition: defineKey({ name: "ci", role: "reader" }) }],
    ),
    [
      ["b", "changed", "amount"],
      ["ci", "changed", "role"],
    ],
  );
  const after = bench.ledger.keyByHash(hashSecret(secret));
  assert.deepEqual([after?.keyId, after?.createdAt], [key?.keyId, key?.createdAt]);
});

test("objects that are no longer declared stay", async (t) => {
  const bench = await LedgerBench.open(t);
  await declare(bench, { budgets: [aBudget({ budgetId: "b" })], keys: [ci] });
  assert.deepEqual(await declare(bench, { budgets: [], keys: [] }), []);
  assert.deepEqual([bench.ledger.budgets().length, bench.ledger.keys().length], [1, 1]);
});

test("a parent may be declared after its children", async (t) => {
  const bench = await LedgerBench.open(t);
  const child = aBudget({ budgetId: "child", parentBudgetId: "parent" });
  const grandchild = aBudget({ budgetId: "grandchild", parentBudgetId: "child" });
  const budgets = [grandchild, child, aBudget({ budgetId: "parent" })];
  const changes = await declare(bench, { budgets, keys: [] });
  assert.deepEqual(
    changes.map(({ name }) => name),
    ["parent", "child", "grandchild"],
  );
});

test("a declared budget reports what was spent, announces crossed thresholds and wakes waiting calls", async (t) => {
  const bench = await LedgerBench.open(t);
  const at = bench.clock.now();
  await bench.ledger.commit(aHold("a", 7n, { at }));
  const call = { operationId: "a", attempt: 1 };
  const settle = { kind: "settle", outcome: anOutcome(7n), fingerprint: null } as const;
  await bench.ledger.commit({ ...settle, at, ...call });
  const { endings } = bench.waiting;
  const thresholds = [{ partsPerMillion: 500_000, action: "notify" }] as const;
  const [change] = await declare(bench, {
    budgets: [aBudget({ budgetId: "b", amount: 10n, thresholds })],
    keys: [],
  });
  assert.equal(change?.spent, "0.000000000007 USD");
  assert.equal(bench.waiting.endings, endings + 1);
  assert.deepEqual(
    bench.crossed.map(({ counter }) => counter.budgetId),
    ["b"],
  );
});

test("a budget that was made when 0.8 was the only usual threshold keeps it, unless others are stated", async (t) => {
  const bench = await LedgerBench.open(t);
  const notify = { action: "notify" } as const;
  const fields = { budget_id: "b", budget_type: "platform", amount: "5" };
  const declared = async (more: object) => {
    const budget = defineBudget({ ...fields, ...more }, { parentOf: () => undefined });
    const changes = await declare(bench, { budgets: [budget], keys: [] });
    const now = bench.ledger.budget("b")?.thresholds.map(({ partsPerMillion }) => partsPerMillion);
    return [changes.length, now];
  };
  const old = {
    ...defineBudget(fields, { parentOf: () => undefined }),
    thresholds: [{ partsPerMillion: 800_000, ...notify }],
  };
  await declare(bench, { budgets: [old], keys: [] });
  assert.deepEqual(await declared({}), [0, [800_000]]);
  assert.deepEqual(await declared({ amount: "6" }), [1, [800_000]]);
  assert.deepEqual(await declared({ thresholds: [0.8, 1] }), [1, [800_000, 1_000_000]]);
  assert.deepEqual(await declared({ thresholds: [0.8] }), [1, [800_000]]);
  assert.deepEqual(await declared({ thresholds: [0.5] }), [1, [500_000]]);
  assert.deepEqual(await declared({}), [1, [800_000, 1_000_000]]);
});

test("the first start makes an admin key and a caller's key, and later starts none", async (t) => {
  const bench = await LedgerBench.open(t);
  const { adminKey = "", firstKey = "" } = await makeFirstKeys(bench, { hasAdminKey: false });
  const roles = [adminKey, firstKey].map((made) => bench.ledger.keyByHash(hashSecret(made))?.role);
  assert.deepEqual(roles, ["admin", "caller"]);
  assert.deepEqual(await makeFirstKeys(bench, { hasAdminKey: false }), {});
});

test("no admin key is made if the environment has one", async (t) => {
  const bench = await LedgerBench.open(t);
  const made = await makeFirstKeys(bench, { hasAdminKey: true });
  assert.deepEqual(Object.keys(made), ["firstKey"]);
});

test("a revoked or expired admin key does not count as live, and is not replaced", async (t) => {
  const bench = await LedgerBench.open(t);
  assert.equal(hasLiveAdminKey(bench), false);
  const { key } = await createKey(bench, { name: "root", role: "admin" });
  assert.equal(hasLiveAdminKey(bench), true);
  await revokeKey(bench, key.keyId);
  assert.equal(hasLiveAdminKey(bench), false);
  assert.deepEqual(Object.keys(await makeFirstKeys(bench, { hasAdminKey: false })), ["firstKey"]);
});
