/**
 * Random histories in which budgets change: each has spent what the calls that it counts now have
 * cost, as if it had always been so.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Budget } from "../budget/budget.ts";
import { Books } from "./books.ts";
import { aBudget, aHold, anOutcome, Desk, noHistory } from "./desk.test-kit.ts";

const teams = ["t1", "t2"];
const users = ["u1", "u2", "main"];
const models = ["small", "large"];

interface Call {
  readonly id: string;
  readonly at: number;
  readonly team: string;
  readonly user: string;
  readonly model: string;
  held: bigint;
  cost: bigint;
}

type Step =
  | {
      readonly kind: "hold";
      readonly usd: number;
      readonly team: string;
      readonly user: string;
      readonly model: string;
    }
  | {
      readonly kind: "settle";
      readonly which: number;
      readonly usd: number;
      readonly guessed: boolean;
    }
  | { readonly kind: "change"; readonly change: Partial<Budget> };

const change: fc.Arbitrary<Partial<Budget>> = fc.oneof(
  fc.record({
    period: fc.constant("once" as const),
    start: fc.nat(40),
    end: fc.integer({ min: 50, max: 300 }),
  }),
  fc.record({
    period: fc.constant("year" as const),
    start: fc.constant(null),
    end: fc.constant(null),
  }),
  fc.record({
    budgetType: fc.constant("team" as const),
    resourceId: fc.constantFrom("*", ...teams),
  }),
  fc.record({
    budgetType: fc.constant("user" as const),
    resourceId: fc.constantFrom("*", ...users),
  }),
  fc.record({ budgetType: fc.constant("platform" as const), resourceId: fc.constant("main") }),
  fc.record({ models: fc.option(fc.constantFrom(["small"], ["large"])) }),
  fc.record({ amount: fc.bigInt({ min: 0n, max: 2000n }) }),
);

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("hold" as const),
        usd: fc.nat(30),
        team: fc.constantFrom(...teams),
        user: fc.constantFrom(...users),
        model: fc.constantFrom(...models),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("settle" as const),
        which: fc.nat(50),
        usd: fc.nat(40),
        guessed: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("change" as const), change }) },
  ),
  { maxLength: 60 },
);

test("after every command a changed budget has the spent and held amounts of the calls in its window, as does a replay", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const desk = new Desk();
      const calls: Call[] = [];
      let budget = aBudget({ budgetId: "b", amount: 1000n, policy: "soft" });
      desk.put(budget, 0);
      all.forEach((step, place) => {
        const at = place + 1;
        if (step.kind === "change") desk.put((budget = { ...budget, ...step.change }), at);
        else play(desk, calls, { step, at });
        check(desk.books, budget, { calls, at });
      });
      const replayed = new Books(noHistory);
      for (const entry of desk.journal) replayed.apply(entry);
      check(replayed, budget, { calls, at: all.length });
    }),
    { numRuns: 300 },
  );
});

function play(
  desk: Desk,
  calls: Call[],
  { step, at }: { readonly step: Exclude<Step, { kind: "change" }>; readonly at: number },
): void {
  if (step.kind === "hold") {
    const { team, user, model } = step;
    const id = `op${calls.length}`;
    const route = { provider: "p", model, endpoint: "chat", keyId: null };
    desk.run(aHold(id, BigInt(step.usd), { at, attribution: { team, user }, route }));
    calls.push({ id, at, team, user, model, held: BigInt(step.usd), cost: 0n });
    return;
  }
  const call = calls[step.which % Math.max(1, calls.length)];
  if (!call || desk.books.past(call.id).some(({ status }) => status === "settled")) return;
  const status = step.guessed ? "unresolved" : "settled";
  desk.run({
    kind: "settle",
    operationId: call.id,
    attempt: 1,
    at,
    outcome: anOutcome(BigInt(step.usd), { status }),
    fingerprint: null,
  });
  Object.assign(call, { held: 0n, cost: BigInt(step.usd) });
}

/** The model: a sum over all calls of the window that the budget's fields select, by value. */
function check(
  books: Books,
  budget: Budget,
  { calls, at }: { readonly calls: readonly Call[]; readonly at: number },
): void {
  const start = budget.start ?? 0;
  const isOpen = budget.period === "year" || (at >= start && at < (budget.end ?? 0));
  if (!isOpen) return;
  const expected = new Map<string, { spent: bigint; held: bigint }>();
  for (const call of calls) {
    const value = valueOf(budget, call);
    if (
      value === undefined ||
      call.at < start ||
      (budget.models && !budget.models.includes(call.model))
    )
      continue;
    const sum = expected.get(value) ?? { spent: 0n, held: 0n };
    expected.set(value, { spent: sum.spent + call.cost, held: sum.held + call.held });
  }
  const found = new Map<string, { spent: bigint; held: bigint }>();
  for (const { key, spent, held } of books.counters()) {
    const isCurrent =
      key.windowStart === start &&
      (budget.period === "once" ? key.windowEnd === budget.end : key.windowEnd !== null);
    const isYear = budget.period === "once" || key.windowEnd === yearMs;
    if (isCurrent && isYear) found.set(key.value, { spent, held });
  }
  assert.deepEqual(withoutNothing(found), withoutNothing(expected));
}

const yearMs = Date.UTC(1971, 0);

function valueOf({ budgetType, resourceId }: Budget, call: Call): string | undefined {
  if (budgetType === "platform") return resourceId;
  const value = budgetType === "team" ? call.team : call.user;
  return resourceId === "*" || resourceId === value ? value : undefined;
}

function withoutNothing(
  sums: ReadonlyMap<string, { spent: bigint; held: bigint }>,
): ReadonlyMap<string, object> {
  return new Map([...sums].filter(([, { spent, held }]) => spent !== 0n || held !== 0n));
}
