/** Validation, serialization and permissions of API keys. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import { defineKey, keyToJson } from "./define.ts";
import { isLive, type Key, mayCall } from "./key.ts";

const context = { now: 1_000_000, hasBudget: (id: string): boolean => id === "b1" };

const key: Key = {
  ...defineKey(
    {
      name: "agents",
      attribution: { project: "p1", tags: { plan: "pro" } },
      may_refine: ["task"],
      budgets: ["b1"],
    },
    context,
  ),
  keyId: "key_1",
  hash: "0123abcd",
  hint: "purser_abcd",
  createdAt: 0,
  revokedAt: null,
};

test("a minimal key is a caller that fixes and refines nothing", () => {
  assert.deepEqual(defineKey({ name: "k" }), {
    name: "k",
    role: "caller",
    attribution: {},
    mayRefine: [],
    models: null,
    providers: null,
    budgets: [],
    maxConcurrent: null,
    expiresAt: null,
  });
});

test("every field of a key is read", () => {
  const input = {
    name: "k",
    role: "reader",
    attribution: { org: "o", tags: { a: "1" } },
    may_refine: ["task", "tags", "task"],
    models: ["gpt-*"],
    providers: ["openai"],
    budgets: ["b1"],
    max_concurrent: 8,
    expires_at: "2026-01-01T00:00:00Z",
  };
  assert.deepEqual(defineKey(input, context), {
    name: "k",
    role: "reader",
    attribution: { org: "o", tags: { a: "1" } },
    mayRefine: ["task", "tags"],
    models: ["gpt-*"],
    providers: ["openai"],
    budgets: ["b1"],
    maxConcurrent: 8,
    expiresAt: 1767225600000,
  });
});

const refused: readonly (readonly [
  fact: string,
  change: Readonly<Record<string, unknown>>,
  field: string,
  remedy: RegExp,
])[] = [
  ["no name", { name: null }, "keys[0].name", /Give a name/],
  ["an empty name", { name: "" }, "keys[0].name", /Give a name/],
  ["a name with a line break", { name: "a\nb" }, "keys[0].name", /on one line/],
  ["an unknown role", { role: "admim" }, "keys[0].role", /Did you mean admin\?/],
  ["attribution that is text", { attribution: "p1" }, "keys[0].attribution", /fields org/],
  [
    "an unknown dimension",
    { attribution: { projct: "p" } },
    "keys[0].attribution.projct",
    /Did you mean project\?/,
  ],
  [
    "a value that is a number",
    { attribution: { project: 5 } },
    "keys[0].attribution.project",
    /1 to 128/,
  ],
  ["an empty value", { attribution: { project: "" } }, "keys[0].attribution.project", /1 to 128/],
  [
    "tags that are a list",
    { attribution: { tags: ["a"] } },
    "keys[0].attribution.tags",
    /names and values/,
  ],
  [
    "a tag that is a number",
    { attribution: { tags: { a: 1 } } },
    "keys[0].attribution.tags.a",
    /1 to 128/,
  ],
  [
    "a tag's name with a comma",
    { attribution: { tags: { "a,b": "1" } } },
    "keys[0].attribution.tags",
    /1 to 64/,
  ],
  [
    "too many tags",
    {
      attribution: {
        tags: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`t${n}`, "1"])),
      },
    },
    "keys[0].attribution.tags",
    /at most 16/,
  ],
  [
    "a dimension to refine that does not exist",
    { may_refine: ["task", "usr"] },
    "keys[0].may_refine[1]",
    /Did you mean user\?/,
  ],
  ["may_refine that is text", { may_refine: "task" }, "keys[0].may_refine", /Give a list of org/],
  ["no models at all", { models: [] }, "keys[0].models", /match everything/],
  ["a star within a provider", { providers: ["o*i"] }, "keys[0].providers[0]", /ending in \*/],
  [
    "a budget that does not exist",
    { budgets: ["b1", "b2"] },
    "keys[0].budgets[1]",
    /Define the budget first/,
  ],
  ["a budget that is no id", { budgets: ["b 1"] }, "keys[0].budgets[0]", /1 to 128/],
  ["no concurrent call", { max_concurrent: 0 }, "keys[0].max_concurrent", /from 1 to/],
  ["half a concurrent call", { max_concurrent: 1.5 }, "keys[0].max_concurrent", /whole number/],
  [
    "an expiry without a zone",
    { expires_at: "2026-01-01T00:00:00" },
    "keys[0].expires_at",
    /RFC 3339/,
  ],
  [
    "an expiry on a day that does not exist",
    { expires_at: "2026-02-29" },
    "keys[0].expires_at",
    /RFC 3339/,
  ],
  [
    "an expiry that is over",
    { expires_at: "1970-01-01T00:16:40Z" },
    "keys[0].expires_at",
    /later time/,
  ],
  ["a secret", { secret: "x" }, "keys[0].secret", /Use one of: name/],
  ["an unknown field", { may_refne: [] }, "keys[0].may_refne", /Did you mean may_refine\?/],
];

for (const [fact, change, field, remedy] of refused) {
  test(`refused, naming ${field}: ${fact}`, () => {
    assert.throws(
      () => defineKey({ name: "k", ...change }, { ...context, prefix: "keys[0]." }),
      (error) => {
        assert.ok(error instanceof PurserError, String(error));
        assert.deepEqual([error.code, error.detail.field], ["invalid_request", field]);
        assert.match(error.detail.remedy ?? "", remedy);
        return true;
      },
    );
  });
}

test("a serialized key has no hash and defines the same key again", () => {
  const json = keyToJson({ ...key, expiresAt: 2_000_000, revokedAt: 3_000_000 });
  assert.ok(!JSON.stringify(json).includes(key.hash));
  assert.equal(json.key_id, "key_1");
  assert.deepEqual(
    [json.created_at, json.expires_at, json.revoked_at],
    ["1970-01-01T00:00:00Z", "1970-01-01T00:33:20Z", "1970-01-01T00:50:00Z"],
  );
  const {
    key_id: _id,
    hint: _hint,
    created_at: _created,
    revoked_at: _revoked,
    ...defining
  } = keyToJson(key);
  const {
    keyId: _keyId,
    hash: _hash,
    hint: _keyHint,
    createdAt: _at,
    revokedAt: _revokedAt,
    ...definition
  } = key;
  assert.deepEqual(defineKey(JSON.parse(JSON.stringify(defining)), context), definition);
});

test("a key is live until the instant of its expiry or revocation", () => {
  assert.equal(isLive(key, 10), true);
  assert.equal(isLive({ expiresAt: 10, revokedAt: null }, 9), true);
  assert.equal(isLive({ expiresAt: 10, revokedAt: null }, 10), false);
  assert.equal(isLive({ expiresAt: null, revokedAt: 10 }, 10), false);
  assert.equal(isLive({ expiresAt: 100, revokedAt: 10 }, 50), false);
});

test("a key may call only the models and providers that it names", () => {
  const call = { provider: "openai", model: "gpt-5" };
  assert.equal(mayCall({ models: null, providers: null }, call), true);
  assert.equal(mayCall({ models: ["gpt-*"], providers: ["openai"] }, call), true);
  assert.equal(mayCall({ models: ["gpt"], providers: null }, call), false);
  const excluding = { models: ["*", "!gpt-5*"], providers: null };
  for (const model of ["gpt-5", "GPT-5", "\tgpt-5", "models/gpt-5"])
    assert.equal(mayCall(excluding, { provider: "openai", model }), false, model);
  assert.equal(mayCall({ models: null, providers: ["anthropic", "open"] }, call), false);
});
