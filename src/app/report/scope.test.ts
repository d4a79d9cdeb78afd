/** Tests what a key may see. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attribution } from "../../domain/attribution/attribution.ts";
import { defineBudget } from "../../domain/budget/define.ts";
import type { Key, Role } from "../../domain/key/key.ts";
import type { Principal } from "../caller/principal.ts";
import { checkSeesAll, confine, shownValue, visibleValue } from "./scope.ts";
import { plainKey } from "../../domain/key/key.test-kit.ts";

function principal(role: Role, attribution: Attribution): Principal {
  const key: Key = { ...plainKey, role, attribution };
  return { role, key };
}

const budgetOf = (resourceId: string, type = "team") =>
  defineBudget(
    { budget_id: "b", budget_type: type, resource_id: resourceId, amount: "1" },
    { parentOf: () => undefined },
  );

const administrator: Principal = { role: "admin", key: null };
const ofAtlas = { team: "atlas", tags: { customer: "acme" } };

test("a key's dimensions and tags are added to every filter, and another value is forbidden", () => {
  const reader = principal("reader", ofAtlas);
  const own = { team: "atlas", "tag:customer": "acme" };
  assert.deepEqual(confine(reader, { model: "m" }), { model: "m", ...own });
  assert.deepEqual(confine(reader, { team: "atlas" }), own);
  assert.throws(() => confine(reader, { team: "other" }), { code: "forbidden" });
  assert.throws(() => confine(reader, { "tag:customer": "other" }), { code: "forbidden" });
});

test("administrators, and readers whose key fixes nothing, see all figures", () => {
  for (const caller of [administrator, principal("admin", ofAtlas), principal("reader", {})]) {
    assert.deepEqual(confine(caller, { team: "any" }), { team: "any" });
    checkSeesAll(caller);
  }
  assert.throws(() => checkSeesAll(principal("reader", ofAtlas)), { code: "forbidden" });
});

test("a caller key sees only budgets that count its own calls alone, and none if it fixes nothing", () => {
  const caller = principal("caller", { team: "atlas" });
  const seen = (one: Principal, resourceId: string, type?: string): string | null | undefined =>
    visibleValue(one, budgetOf(resourceId, type));
  assert.equal(seen(caller, "atlas"), null);
  assert.equal(seen(caller, "*"), "atlas");
  assert.equal(seen(caller, "other"), undefined);
  assert.equal(seen(caller, "main", "platform"), undefined);
  assert.equal(seen(principal("caller", ofAtlas), "atlas"), undefined, "also counts others");
  assert.equal(seen(principal("caller", {}), "atlas"), undefined);
  assert.equal(seen(principal("reader", {}), "main", "platform"), null);
  assert.equal(seen(administrator, "other"), null);
});

test("a budget that a key may not see is not found, and a value is chosen only where there are several", () => {
  const caller = principal("caller", { team: "atlas" });
  assert.throws(() => shownValue(caller, budgetOf("other"), undefined), { code: "not_found" });
  assert.throws(() => shownValue(caller, budgetOf("*"), "other"), { code: "forbidden" });
  assert.throws(() => shownValue(administrator, budgetOf("atlas"), "atlas"), {
    code: "invalid_request",
  });
  assert.equal(shownValue(caller, budgetOf("*"), undefined), "atlas");
  assert.equal(shownValue(caller, budgetOf("*"), "atlas"), "atlas");
  assert.equal(shownValue(administrator, budgetOf("*"), "other"), "other");
  assert.equal(shownValue(administrator, budgetOf("*"), undefined), null);
});
