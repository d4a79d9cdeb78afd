/** Tests how keys are created, changed, found and revoked. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { hashSecret } from "../caller/secret.ts";
import { LedgerBench } from "../port/ledger.test-kit.ts";
import { changeKey, createKey, findKey, readKeyUses, revokeKey } from "./manage-keys.ts";

test("a created key is found by its secret, which is stored as a hash only", async (t) => {
  const bench = await LedgerBench.open(t);
  const { key, secret } = await createKey(bench, { name: "ci", role: "reader" });
  assert.deepEqual(bench.ledger.keyByHash(hashSecret(secret)), key);
  assert.deepEqual([key.name, key.role, key.createdAt], ["ci", "reader", bench.clock.now()]);
  assert.equal(JSON.stringify(key).includes(secret), false);
});

test("a live key's name is taken, a revoked or expired key's is free", async (t) => {
  const bench = await LedgerBench.open(t);
  const { key } = await createKey(bench, { name: "ci" });
  await assert.rejects(createKey(bench, { name: "ci" }), { code: "conflict" });
  await revokeKey(bench, key.keyId);
  const expires_at = new Date(bench.clock.now() + 1000).toISOString();
  await createKey(bench, { name: "ci", expires_at });
  await assert.rejects(createKey(bench, { name: "ci" }), { code: "conflict" });
  bench.pass(2000);
  assert.ok((await createKey(bench, { name: "ci" })).secret);
});

test("a key's budgets must exist, and its expiry must be in the future", async (t) => {
  const bench = await LedgerBench.open(t);
  await assert.rejects(createKey(bench, { name: "a", budgets: ["b"] }), {
    code: "invalid_request",
  });
  await bench.budget({ budgetId: "b" });
  const { key } = await createKey(bench, { name: "a", budgets: ["b"] });
  assert.deepEqual(key.budgets, ["b"]);
  await assert.rejects(changeKey(bench, key.keyId, { budgets: ["none"] }), {
    code: "invalid_request",
  });
  const expires_at = new Date(bench.clock.now() - 1000).toISOString();
  await assert.rejects(createKey(bench, { name: "c", expires_at }), { code: "invalid_request" });
});

test("a change keeps the secret and what it does not name, and null resets a field", async (t) => {
  const bench = await LedgerBench.open(t);
  const made = { name: "ci", models: ["m"], max_concurrent: 3 };
  const { key, secret } = await createKey(bench, made);
  const changed = await changeKey(bench, key.keyId, { max_concurrent: null });
  assert.deepEqual([changed.name, changed.models, changed.maxConcurrent], ["ci", ["m"], null]);
  assert.deepEqual(bench.ledger.keyByHash(hashSecret(secret)), changed);
});

test("a change keeps the expiry, also one that has passed", async (t) => {
  const bench = await LedgerBench.open(t);
  const expiresAt = bench.clock.now() + 1000;
  const { key } = await createKey(bench, {
    name: "ci",
    expires_at: new Date(expiresAt).toISOString(),
  });
  bench.pass(2000);
  assert.equal((await changeKey(bench, key.keyId, { name: "old" })).expiresAt, expiresAt);
  assert.equal((await changeKey(bench, key.keyId, { expires_at: null })).expiresAt, null);
});

test("a key keeps its name but cannot take that of another live key", async (t) => {
  const bench = await LedgerBench.open(t);
  const { key } = await createKey(bench, { name: "a" });
  await createKey(bench, { name: "b" });
  await assert.rejects(changeKey(bench, key.keyId, { name: "b" }), { code: "conflict" });
  assert.equal((await changeKey(bench, key.keyId, { name: "a" })).name, "a");
});

test("the calls in flight of a revoked key are ended, once it is revoked on disk", async (t) => {
  const bench = await LedgerBench.open(t);
  const { key } = await createKey(bench, { name: "a" });
  const endCallsOf = (keyId: string): void => {
    assert.notEqual(findKey(bench.ledger, keyId).revokedAt, null);
    bench.endCallsOf(keyId);
  };
  await revokeKey({ ledger: bench.ledger, clock: bench.clock, endCallsOf }, key.keyId);
  assert.deepEqual(bench.stopped, [key.keyId]);
});

test("a revoked key stays revoked at its time, and does not change", async (t) => {
  const bench = await LedgerBench.open(t);
  const { key } = await createKey(bench, { name: "a" });
  const revokedAt = bench.clock.now();
  await revokeKey(bench, key.keyId);
  bench.pass(1000);
  assert.equal((await revokeKey(bench, key.keyId)).revokedAt, revokedAt);
  await assert.rejects(changeKey(bench, key.keyId, { name: "b" }), { code: "conflict" });
});

test("a key is found by its id or its name, a live one before a revoked one", async (t) => {
  const bench = await LedgerBench.open(t);
  const { key: old } = await createKey(bench, { name: "a" });
  await revokeKey(bench, old.keyId);
  assert.equal(findKey(bench.ledger, "a").keyId, old.keyId);
  const { key } = await createKey(bench, { name: "a" });
  assert.equal(findKey(bench.ledger, "a").keyId, key.keyId);
  assert.equal(findKey(bench.ledger, old.keyId).keyId, old.keyId);
  assert.throws(() => findKey(bench.ledger, "none"), { code: "not_found" });
  await revokeKey(bench, key.keyId);
  assert.throws(() => findKey(bench.ledger, "a"), { code: "conflict" });
});

test("a key that was never used has no usage", async (t) => {
  const bench = await LedgerBench.open(t);
  await createKey(bench, { name: "a" });
  assert.deepEqual([...(await readKeyUses(bench.reader))], []);
});
