/** Tests which events an entry makes, and that it always makes the same ones. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Key } from "../key/key.ts";
import { aBudget, aHold, anOutcome, Desk } from "../ledger/desk.test-kit.ts";
import type { Entry } from "../ledger/entry.ts";
import { pico } from "../money/money.ts";
import { Contexts } from "./context.ts";
import { toCloudEvent, type Event } from "./event.ts";
import { eventsOf } from "./events-of.ts";
import { eventId, isAfter, parseEventId } from "./position.ts";
import { plainKey } from "../key/key.test-kit.ts";

function eventsIn(journal: readonly Entry[]): readonly Event[] {
  const contexts = new Contexts();
  return journal.flatMap((entry, place) =>
    eventsOf({ seq: place + 1, entry }, contexts.next(entry)),
  );
}

// oxlint-disable-next-line max-params -- what differs between calls, in a row
function settle(desk: Desk, operationId: string, usd: bigint, more: object = {}): void {
  const call = { operationId, attempt: 1 };
  const outcome = anOutcome(usd, more);
  desk.run({ kind: "settle", at: 2, ...call, outcome, fingerprint: null });
}

test("a question says what is missing, and how to approve and decline it", () => {
  const desk = new Desk();
  const each = { budgetType: "user", resourceId: "*", currency: "tokens" } as const;
  desk.budget({ budgetId: "b", amount: 10n, asks: { timeoutMs: 1000 }, ...each });
  const value = "ann's";
  desk.run({ kind: "ask_budget", at: 5, budgetId: "b", value, needed: 30n });
  const control = { at: 6, budgetId: "b", value, by: "k", reason: "no" };
  desk.run({ kind: "decline_budget", ...control });
  const events = eventsIn(desk.journal).filter(({ type }) => /approval/.test(type));
  assert.deepEqual(
    events.map(({ type }) => type),
    ["budget.approval_requested", "budget.approval_declined"],
  );
  const [asked, declined] = events.map(({ data }) => data);
  assert.deepEqual(
    [asked?.["needed"], asked?.["available"], asked?.["missing"]],
    ["30", "10", "20"],
  );
  const command =
    "purser budget extend b --value 'ann'\\''s' --amount 20 --asked-at 1970-01-01T00:00:00.005Z";
  assert.deepEqual(asked?.["approve"], {
    method: "POST",
    path: "/api/v1/budgets/b/extend",
    body: { amount: "20", value, asked_at: "1970-01-01T00:00:00.005Z" },
    command,
  });
  assert.ok(String(asked?.["remedy"]).includes(command));
  assert.deepEqual(
    [declined?.["by"], declined?.["reason"], declined?.["value"]],
    ["k", "no", value],
  );
});

const key: Key = { ...plainKey, keyId: "k", hash: "secret-hash", createdAt: 1 };

test("every kind of entry has its events", () => {
  const desk = new Desk();
  const pauses = [
    { partsPerMillion: 500_000, action: "notify" },
    { partsPerMillion: 1_000_000, action: "pause" },
  ] as const;
  desk.budget({ budgetId: "b", amount: 100n, thresholds: pauses });
  desk.put(aBudget({ budgetId: "b", amount: 100n, policy: "soft", thresholds: pauses }), 1);
  desk.run({ kind: "put_key", at: 1, key });
  desk.run({ kind: "put_key", at: 1, key: { ...key, revokedAt: 1 } });
  const route = { provider: "p", model: "m", endpoint: "chat", keyId: "k" };
  desk.run(aHold("one", 60n, { route }));
  settle(desk, "one", 60n);
  desk.run(aHold("two", 40n, { route, expiresAt: 5 }));
  settle(desk, "two", 40n, { status: "unresolved", flags: ["unpriced"] });
  desk.put(aBudget({ budgetId: "hard", amount: 0n }), 1);
  desk.run(aHold("three", 1n, { route }));
  desk.run({ kind: "delete_budget", at: 1, budgetId: "hard" });
  desk.run({ kind: "delete_budget", at: 1, budgetId: "b" });
  desk.run(aHold("four", 40n, { expiresAt: 5 }));
  desk.run({ kind: "expire", at: 10 });
  assert.deepEqual(
    eventsIn(desk.journal).map(({ type, position }) => `${eventId(position)} ${type}`),
    [
      "1 budget.changed",
      "2 budget.changed",
      "3 key.created",
      "4 key.changed",
      "5 key.first_used",
      "5.1 budget.window_started",
      "6 cost.recorded",
      "7 budget.warning",
      "9 cost.recorded",
      "9.1 hold.unresolved",
      "9.2 price.missing",
      "10 budget.exceeded",
      "10.1 budget.paused",
      "11 budget.window_started",
      "11.1 budget.changed",
      "12 call.refused",
      "13 budget.changed",
      "14 budget.changed",
      "16 hold.expired",
    ],
  );
});

test("no event has the hash of a key", () => {
  const desk = new Desk();
  desk.run({ kind: "put_key", at: 1, key });
  assert.doesNotMatch(JSON.stringify(eventsIn(desk.journal).map(toCloudEvent)), /secret-hash/);
});

test("the cost of a call is split exactly into its prompt, its completion and the rest", () => {
  const desk = new Desk();
  desk.run(aHold("one", 100n));
  const charge = (meter: "input" | "output" | "web_search", cost: bigint) => ({
    model: "m",
    meter,
    quantity: 1,
    cost: pico(cost),
  });
  const charges = [charge("input", 5n), charge("output", 7n), charge("web_search", 11n)];
  settle(desk, "one", 23n, { charges, usage: { input: 3, output: 4, web_search: 1 } });
  const data = eventsIn(desk.journal).find(({ type }) => type === "cost.recorded")?.data ?? {};
  assert.deepEqual(
    ["prompt_cost_usd", "completion_cost_usd", "other_cost_usd", "total_cost_usd"].map(
      (name) => data[name],
    ),
    ["0.000000000005", "0.000000000007", "0.000000000011", "0.000000000023"],
  );
  assert.deepEqual(
    ["prompt_tokens", "completion_tokens", "total_tokens"].map((name) => data[name]),
    [3, 4, 7],
  );
});

const commands = fc.array(
  fc.record({
    kind: fc.constantFrom("hold", "settle", "budget", "expire", "delete"),
    usd: fc.bigInt(0n, 60n),
    who: fc.constantFrom("t1", "t2", "t3"),
    key: fc.constantFrom(null, "k1", "k2"),
  }),
  { maxLength: 60 },
);

test("a journal always gives the same events, whose ids are unique and increase", () => {
  fc.assert(
    fc.property(commands, (steps) => {
      const desk = new Desk();
      const thresholds = [0.5, 1].map(
        (share) => ({ partsPerMillion: share * 1e6, action: "notify" }) as const,
      );
      const each = { budgetId: "each", budgetType: "team", resourceId: "*", thresholds } as const;
      desk.budget({ ...each, amount: 100n });
      for (const [number, { kind, usd, who, key: keyId }] of steps.entries()) {
        const route = { provider: "p", model: "m", endpoint: "chat", keyId };
        const open = [...desk.books.openHolds()][0];
        if (kind === "hold")
          desk.run(
            aHold(`op${number}`, usd, {
              at: number,
              route,
              attribution: { team: who },
              expiresAt: 500,
            }),
          );
        if (kind === "settle" && open) settle(desk, open.operationId, usd);
        if (kind === "budget") desk.put(aBudget({ ...each, amount: usd }), number);
        if (kind === "expire") desk.run({ kind: "expire", at: 1000 });
        if (kind === "delete" && desk.books.budgets.has("each"))
          desk.run({ kind: "delete_budget", at: number, budgetId: "each" });
      }
      const events = eventsIn(desk.journal);
      assert.deepEqual(eventsIn(desk.journal), events);
      for (const [place, { position }] of events.entries()) {
        const before = events[place - 1]?.position;
        assert.ok(!before || isAfter(position, before));
        assert.deepEqual(parseEventId(eventId(position)), position);
      }
      const once = events.filter(
        ({ type }) => type === "key.first_used" || type === "budget.window_started",
      );
      const names = once.map(({ type, subject, data }) =>
        JSON.stringify([type, subject, data["value"], data["window"]]),
      );
      assert.equal(new Set(names).size, names.length, "a first time comes once");
    }),
  );
});

test("an id is a number, or two", () => {
  for (const text of ["", "-1", "01", "1.0", "1.", "a", "1.1.1", "1e3", " 1", "9".repeat(16)])
    assert.equal(parseEventId(text), undefined, text);
  assert.deepEqual(parseEventId("12.3"), { seq: 12, index: 3 });
});
