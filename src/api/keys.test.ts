/** Tests `/api/v1/keys`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench } from "./api-fixture.test.ts";

test("a secret is shown when its key is created, and never again", async (t) => {
  const bench = await openBench(t);
  const made = await bench.call("POST", "/api/v1/keys", {
    name: "team a",
    attribution: { project: "p1" },
    may_refine: ["task"],
  });
  assert.equal(made.status, 201);
  const { key, key_id } = made.json;
  assert.match(key, /^purser_/);
  const hash = bench.ledger.keys()[0]?.hash ?? "";
  for (const path of ["/api/v1/keys", `/api/v1/keys/${key_id}`]) {
    const { text } = await bench.call("GET", path);
    assert.ok(text.includes(key_id) && !text.includes(key) && !text.includes(hash));
  }
  const changed = await bench.call("PATCH", `/api/v1/keys/${key_id}`, {
    name: "team b",
    may_refine: [],
  });
  assert.deepEqual(
    [changed.json.name, changed.json.may_refine, changed.json.attribution],
    ["team b", [], { project: "p1" }],
  );
  const revoked = await bench.call("DELETE", `/api/v1/keys/${key_id}`);
  assert.equal(revoked.json.revoked_at, "2026-03-10T12:00:00Z");
  bench.advance(1000);
  assert.equal(
    (await bench.call("DELETE", `/api/v1/keys/${key_id}`)).json.revoked_at,
    "2026-03-10T12:00:00Z",
  );
  assert.equal((await bench.call("PATCH", `/api/v1/keys/${key_id}`, { name: "c" })).status, 409);
});

test("two live keys cannot share a name, and the name of a revoked key is free again", async (t) => {
  const bench = await openBench(t);
  const first = await bench.call("POST", "/api/v1/keys", { name: "ci" });
  const again = await bench.call("POST", "/api/v1/keys", { name: "ci", role: "reader" });
  assert.deepEqual([again.status, again.json.field], [409, "name"]);
  assert.match(again.json.detail, new RegExp(first.json.key_id));
  const other = await bench.call("POST", "/api/v1/keys", { name: "other" });
  assert.equal(
    (await bench.call("PATCH", `/api/v1/keys/${other.json.key_id}`, { name: "ci" })).status,
    409,
  );
  assert.equal(
    (
      await bench.call("PATCH", `/api/v1/keys/${first.json.key_id}`, {
        name: "ci",
        max_concurrent: 3,
      })
    ).status,
    200,
  );
  assert.equal((await bench.call("DELETE", "/api/v1/keys/ci")).json.key_id, first.json.key_id);
  const next = await bench.call("POST", "/api/v1/keys", { name: "ci" });
  assert.equal(next.status, 201);
  assert.equal((await bench.call("GET", "/api/v1/keys/ci")).json.key_id, next.json.key_id);
  assert.equal((await bench.call("DELETE", "/api/v1/keys/nobody")).status, 404);
});

test("the list of keys shows what each has spent and when it was last used", async (t) => {
  const bench = await openBench(t);
  const secret = await bench.key({ name: "busy" });
  await bench.key({ name: "idle" });
  bench.advance(90 * 60_000);
  await bench.call("POST", "/api/v1/holds", { operation_id: "a", amount: "1" }, secret);
  await bench.call("POST", "/api/v1/holds/a/settle", { amount: "0.25" }, secret);
  const { json } = await bench.call("GET", "/api/v1/keys");
  assert.deepEqual(
    json.data.map((key: Record<string, unknown>) => [
      key["name"],
      key["calls"],
      key["spent_usd"],
      key["last_used_at"],
      key["created_at"],
    ]),
    [
      ["busy", 1, "0.25", "2026-03-10T13:00:00Z", "2026-03-10T12:00:00Z"],
      ["idle", 0, "0", null, "2026-03-10T12:00:00Z"],
    ],
  );
});

test("renaming an expired key does not bring it back to life", async (t) => {
  const bench = await openBench(t);
  const made = await bench.call("POST", "/api/v1/keys", {
    name: "a",
    role: "reader",
    expires_at: "2026-03-10T12:00:01Z",
  });
  bench.advance(2000);
  const changed = await bench.call("PATCH", `/api/v1/keys/${made.json.key_id}`, { name: "b" });
  assert.deepEqual([changed.status, changed.json.expires_at], [200, "2026-03-10T12:00:01Z"]);
  assert.equal((await bench.call("GET", "/api/v1/summary", undefined, made.json.key)).status, 401);
});

test("errors name the invalid fields of a key", async (t) => {
  const bench = await openBench(t);
  const cases: readonly (readonly [object, string])[] = [
    [{}, "name"],
    [{ name: "a", role: "owner" }, "role"],
    [{ name: "a", attribution: { projct: "x" } }, "attribution.projct"],
    [{ name: "a", may_refine: ["colour"] }, "may_refine[0]"],
    [{ name: "a", budgets: ["none"] }, "budgets[0]"],
    [{ name: "a", expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    [{ name: "a", secret: "mine" }, "secret"],
  ];
  for (const [body, field] of cases) {
    const answer = await bench.call("POST", "/api/v1/keys", body);
    assert.deepEqual([answer.status, answer.json.field], [400, field]);
  }
  assert.equal((await bench.call("GET", "/api/v1/keys/none")).status, 404);
});
