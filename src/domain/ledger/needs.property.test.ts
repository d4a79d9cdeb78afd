/** A command is decided the same over what it needs as over the whole ledger. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Command } from "./command.ts";
import { decide } from "./decide.ts";
import { aBudget, aHold, anOutcome, Desk, quantities } from "./desk.test-kit.ts";
import { load, mergeLoaded } from "./load.ts";
import { LoadedBooks } from "./loaded-books.ts";
import { mergeNeeds, needs, needsOfCalls } from "./needs.ts";

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        n: fc.nat(3),
        usd: fc.nat(20),
        repeat: fc.constantFrom("new" as const, "next" as const, "only" as const),
        team: fc.constantFrom("t1", "t2"),
        expires: fc.boolean(),
        shares: fc.boolean(),
        closing: fc.constantFrom(undefined, "s", "t"),
        asks: fc.boolean(),
      })
      .map(({ n, usd, repeat, team, expires, shares, closing, asks }) =>
        aHold(`op${n}`, BigInt(usd), {
          repeat,
          attribution: { team },
          route: { provider: "p", model: "m", endpoint: "chat", keyId: "k" },
          expiresAt: expires ? 50 : null,
          fingerprint: repeat,
          ...(closing !== undefined && { closing }),
          ...(asks && { asks }),
          ...(shares && {
            share: { keyId: "k", attribution: {}, percent: 60, mostHolds: 2 },
          }),
        }),
      ),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({
        kind: fc.constantFrom("settle", "release", "top_up", "correct"),
        n: fc.nat(3),
        attempt: fc.constantFrom(1, 1, 1, 2),
        usd: fc.nat(20),
        odd: fc.boolean(),
      })
      .map(({ kind, n, attempt, usd, odd }): Command => {
        const call = { operationId: `op${n}`, attempt, at: 60 };
        const amount = quantities(BigInt(usd));
        if (kind === "release") return { kind, ...call, reason: "r" };
        if (kind === "top_up")
          return {
            kind,
            ...call,
            amount,
            ...(odd && { share: { keyId: "k", attribution: {}, percent: 60, mostHolds: 2 } }),
          };
        const outcome = anOutcome(BigInt(usd), { status: odd ? "estimated" : "settled" });
        if (kind === "settle")
          return {
            kind,
            ...call,
            outcome,
            fingerprint: null,
            ...(odd && { selfReported: true as const }),
          };
        return {
          kind: "correct",
          ...call,
          amount: amount.usd,
          outcome,
          reason: "r",
          fingerprint: `${usd}`,
        };
      }),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ n: fc.nat(5), usd: fc.nat(20), odd: fc.boolean(), startedAt: fc.nat(60) })
      .map(({ n, usd, odd, startedAt }): Command => ({
        kind: "record",
        at: 60,
        startedAt,
        operationId: `op${n}`,
        attribution: { team: "t1" },
        route: { provider: "p", model: "m", endpoint: "usage", keyId: "k" },
        budgets: [],
        outcome: anOutcome(BigInt(usd)),
        fingerprint: `${usd % 2}`,
        ...(odd && { selfReported: true as const }),
      })),
  },
  { weight: 1, arbitrary: fc.constantFrom<Command>({ kind: "expire", at: 55 }) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        budgetId: fc.constantFrom("all", "t1", "each"),
        amount: fc.integer({ min: 1, max: 200 }),
        perTeam: fc.boolean(),
        currency: fc.constantFrom("USD" as const, "tokens" as const),
        hasParent: fc.boolean(),
        reserve: fc.nat(30),
        asks: fc.boolean(),
      })
      .map(({ budgetId, amount, perTeam, currency, hasParent, reserve, asks }): Command => ({
        kind: "put_budget",
        at: 2,
        when: "put",
        budget: aBudget({
          budgetId,
          amount: BigInt(amount),
          currency,
          thresholds: [{ partsPerMillion: 500_000, action: "notify" }],
          parentBudgetId: hasParent && budgetId !== "all" ? "all" : null,
          ...(reserve > 0 && reserve < amount && { reserveForClosing: BigInt(reserve) }),
          ...(asks && { asks: { timeoutMs: 10 } }),
          ...(perTeam && { budgetType: "team", resourceId: "*" }),
        }),
      })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        kind: fc.constantFrom("pause_budget" as const, "resume_budget" as const),
        budgetId: fc.constantFrom("all", "t1", "each"),
        value: fc.constantFrom(null, "t1"),
      })
      .map((one): Command => ({ ...one, at: 2, by: "admin", reason: null })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        budgetId: fc.constantFrom("all", "t1", "each"),
        value: fc.constantFrom(null, "t1"),
        amount: fc.integer({ min: 1, max: 50 }).map(BigInt),
      })
      .map((one): Command => ({ ...one, kind: "extend_budget", at: 2, by: "admin", reason: "r" })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        budgetId: fc.constantFrom("all", "t1", "each"),
        value: fc.constantFrom("main", "t1"),
        needed: fc.integer({ min: 1, max: 250 }).map(BigInt),
        at: fc.integer({ min: 2, max: 30 }),
      })
      .map((one): Command => ({ ...one, kind: "ask_budget" })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        budgetId: fc.constantFrom("all", "t1", "each"),
        value: fc.constantFrom(null, "t1"),
        at: fc.integer({ min: 2, max: 30 }),
      })
      .map((one): Command => ({ ...one, kind: "decline_budget", by: "admin", reason: null })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Command>({ kind: "delete_budget", at: 3, budgetId: "t1" }),
  },
);

test("over what it needs, a command gets the same answer and entries as over everything", () => {
  const property = fc.property(fc.array(command, { minLength: 40, maxLength: 80 }), (commands) => {
    const desk = new Desk();
    desk.budget({ budgetId: "all", amount: 150n });
    for (const one of commands) {
      const complete = desk.complete(one);
      const expected = outcomeOf(() => decide(desk.books, complete));
      const loaded = loadedFor(desk, complete);
      const outcome = outcomeOf(() => decide(loaded, complete));
      assert.deepEqual(outcome, expected);
      if (typeof expected === "string") continue;
      for (const entry of expected.entries) {
        desk.books.apply(entry);
        loaded.apply(entry);
      }
      for (const changed of loaded.takeChangedCounters()) {
        const { key, spent, held, overrun, fired, closings } = changed;
        const counter = desk.books.counter(key);
        assert.equal(held, counter.held);
        assert.deepEqual(closings, counter.closings);
        // A budget's own entry sets what is spent.
        if (complete.kind === "put_budget") continue;
        assert.deepEqual([spent, overrun, fired], [counter.spent, counter.overrun, counter.fired]);
      }
    }
  });
  fc.assert(property, { numRuns: 200 });
});

test("what is not needed cannot be read", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.run(aHold("op", 5n));
  const books = loadedFor(desk, aHold("other", 1n));
  assert.equal(books.openHold("other"), undefined);
  assert.throws(() => books.openHold("op"), /operation "op" was loaded/);
  assert.throws(() => books.past("op"), /operation "op" was loaded/);
  assert.throws(() => [...books.openHolds()], /the open holds were loaded/);
  assert.throws(() => books.expiredBy(1), /have lapsed were loaded/);
  assert.throws(() => books.holdsOfKey("k"), /the holds of key "k" were loaded/);
  const window = { start: 0, end: null };
  assert.throws(() => books.countersIn(aBudget({ budgetId: "all" }), window), /the window of/);
  const key = {
    budgetId: "b",
    value: "v",
    windowStart: 0,
    windowEnd: null,
    currency: "USD",
  } as const;
  assert.throws(() => books.counter(key), /the counter of budget "b" was loaded/);
});

function loadedFor({ books }: Desk, one: Command): LoadedBooks {
  const first = needs(one, books.registry);
  const found = load(books, first);
  const second = needsOfCalls(one, books.registry, found);
  return new LoadedBooks(books.registry, {
    needs: mergeNeeds([first, second]),
    loaded: structuredClone(mergeLoaded(found, load(books, second))),
  });
}

/** The decision, or the message of the error. */
function outcomeOf<Decided>(run: () => Decided): Decided | string {
  try {
    return run();
  } catch (error) {
    return String(error);
  }
}
