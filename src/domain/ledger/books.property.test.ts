/**
 * Random histories of one tree of budgets, checked after every command against a model that only
 * adds up.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Books } from "./books.ts";
import type { Refusal } from "./command.ts";
import { counterId, isUntouched } from "./counter.ts";
import { aHold, anOutcome, Desk, quantities } from "./desk.test-kit.ts";
import type { Hold } from "./hold.ts";
import { noHistory } from "./past.ts";

const teams = ["t1", "t2"];
const users = ["u1", "u2", "u3"];

/** Platform ◄ team ◄ user for every value, and a separate soft budget. */
function aTree(): Desk {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n, asks: { timeoutMs: 5 } });
  for (const team of teams)
    desk.budget({
      budgetId: team,
      parentBudgetId: "all",
      budgetType: "team",
      resourceId: team,
      amount: 60n,
      reserveForClosing: 15n,
    });
  desk.budget({
    budgetId: "each",
    parentBudgetId: "all",
    budgetType: "user",
    resourceId: "*",
    amount: 40n,
    reserveForClosing: 10n,
    asks: { timeoutMs: 5 },
  });
  desk.budget({ budgetId: "watch", amount: 5n, policy: "soft" });
  return desk;
}

type Step =
  | {
      readonly kind: "hold";
      readonly usd: number;
      readonly team: string;
      readonly user: string;
      readonly expires: boolean;
      readonly run: string | undefined;
    }
  | { readonly kind: "extend"; readonly usd: number; readonly user: string }
  | { readonly kind: "settle" | "release" | "top_up"; readonly which: number; readonly usd: number }
  | { readonly kind: "expire" };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("hold" as const),
        usd: fc.nat(30),
        team: fc.constantFrom(...teams),
        user: fc.constantFrom(...users),
        expires: fc.boolean(),
        run: fc.constantFrom(undefined, "s1", "s2"),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("extend" as const),
        usd: fc.integer({ min: 1, max: 20 }),
        user: fc.constantFrom(...users),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom("settle" as const, "release" as const, "top_up" as const),
        which: fc.nat(50),
        usd: fc.nat(40),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const) }) },
  ),
  { maxLength: 80 },
);

/** The model's state of one operation. */
interface Expected {
  held: bigint;
  cost: bigint;
  state: "open" | "ended" | "expired";
  readonly expires: boolean;
}

function play(desk: Desk, all: readonly Step[]): Map<string, Expected> {
  const expected = new Map<string, Expected>();
  let at = 0;
  for (const step of all) {
    at += 1;
    apply(desk, expected, { step, at });
    checkLimits(desk);
    checkSums(desk, expected);
  }
  return expected;
}

function apply(
  desk: Desk,
  expected: Map<string, Expected>,
  { step, at }: { readonly step: Step; readonly at: number },
): void {
  if (step.kind === "expire") {
    desk.run({ kind: "expire", at: at + 1000 });
    for (const one of expected.values())
      if (one.state === "open" && one.expires) Object.assign(one, { state: "expired", held: 0n });
    return;
  }
  if (step.kind === "extend") {
    const extension = { value: step.user, amount: BigInt(step.usd), by: "admin", reason: null };
    desk.run({ kind: "extend_budget", at, budgetId: "each", ...extension });
    return;
  }
  if (step.kind === "hold") {
    const operationId = `op${expected.size}`;
    const usd = BigInt(step.usd);
    const attribution = { team: step.team, user: step.user };
    const answer = desk.run(
      aHold(operationId, usd, {
        at,
        attribution,
        expiresAt: step.expires ? at + 10 : null,
        asks: true,
        ...(step.run !== undefined && { closing: step.run }),
      }),
    );
    if (answer.admitted) checkReserves(desk, operationId);
    else askFor(desk, answer.refusal, at);
    if (answer.admitted)
      expected.set(operationId, { held: usd, cost: 0n, state: "open", expires: step.expires });
    return;
  }
  const operationId = `op${step.which % Math.max(1, expected.size)}`;
  const one = expected.get(operationId);
  if (!one || one.state === "ended" || (one.state === "expired" && step.kind !== "settle")) return;
  const call = { operationId, attempt: 1, at } as const;
  const usd = BigInt(step.usd);
  if (step.kind === "settle") {
    desk.run({ kind: "settle", ...call, outcome: anOutcome(usd), fingerprint: null });
    Object.assign(one, { state: "ended", held: 0n, cost: usd });
  } else if (step.kind === "release") {
    desk.run({ kind: "release", ...call, reason: "r" });
    Object.assign(one, { state: "ended", held: 0n });
  } else if (
    desk.run({ kind: "top_up", ...call, amount: { ...quantities(usd), requests: 0n } }).admitted
  ) {
    one.held += usd;
  }
}

function askFor(desk: Desk, { budgetId, balance, needed, asks }: Refusal, at: number): void {
  if (!asks) return;
  const { value } = balance.counter;
  const before = desk.journal.length;
  const { open } = desk.run({ kind: "ask_budget", at, budgetId, value, needed });
  assert.ok(open || desk.journal.length === before);
  const again = desk.run({ kind: "ask_budget", at, budgetId, value, needed });
  assert.equal(again.open, open);
  assert.ok(desk.journal.length <= before + 1, "one question is open at a time");
}

/** A call that uses a reserve is the only one of its run that does, apart from ended ones. */
function checkReserves(desk: Desk, operationId: string): void {
  const hold = desk.books.openHold(operationId);
  assert.ok(hold);
  for (const { key, spent, held, closings } of hold.counters) {
    const budget = desk.books.budgets.get(key.budgetId);
    if (budget?.reserveForClosing === undefined || budget.policy === "soft") continue;
    const limit = budget.amount + desk.books.registry.controls.of(key).granted;
    const isInReserve: boolean = hold.closing?.budgets.includes(key.budgetId) === true;
    const ordinary = limit - budget.reserveForClosing;
    assert.equal(isInReserve, spent + held > ordinary, "only a closing call uses the reserve");
    if (!isInReserve) continue;
    assert.ok(closings.has(hold.closing?.run ?? ""));
    const others: readonly Hold[] = [...desk.books.openHolds()].filter(
      (other) =>
        other !== hold &&
        other.closing?.run === hold.closing?.run &&
        other.closing?.budgets.includes(key.budgetId) &&
        other.counters.some(({ id }) => id === counterId(key)),
    );
    assert.deepEqual(others, [], "one closing call of each run");
  }
}

/** I1: the only way past a hard limit is an overrun. */
function checkLimits(desk: Desk): void {
  for (const { key, spent, held, overrun } of desk.books.counters()) {
    const budget = desk.books.budgets.get(key.budgetId);
    if (budget?.policy !== "hard") continue;
    const limit = budget.amount + desk.books.registry.controls.of(key).granted;
    assert.ok(
      spent + held <= limit + overrun,
      `${key.budgetId}: ${spent} + ${held} > ${limit} + ${overrun}`,
    );
  }
}

/** I5 and I8: the widest counter is the sum over all operations, and each level partitions it. */
function checkSums(desk: Desk, expected: ReadonlyMap<string, Expected>): void {
  const held = [...expected.values()].reduce((sum, one) => sum + one.held, 0n);
  const spent = [...expected.values()].reduce((sum, one) => sum + one.cost, 0n);
  for (const level of [["all"], teams, ["each"], ["watch"]]) {
    const counters = [...desk.books.counters()].filter(({ key }) => level.includes(key.budgetId));
    assert.equal(
      counters.reduce((sum, counter) => sum + counter.held, 0n),
      held,
      `held in ${level.join()}`,
    );
    assert.equal(
      counters.reduce((sum, counter) => sum + counter.spent, 0n),
      spent,
      `spent in ${level.join()}`,
    );
  }
}

test("limits hold and sums agree after every command of any history", () => {
  fc.assert(
    fc.property(steps, (all) => {
      play(aTree(), all);
    }),
    { numRuns: 300 },
  );
});

test("once every call has ended nothing is held, and the spent amount is the sum of the charges", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const desk = aTree();
      const expected = play(desk, all);
      for (const [operationId, one] of expected) {
        if (one.state === "open")
          desk.run({ kind: "release", operationId, attempt: 1, at: 1, reason: "end" });
      }
      for (const counter of desk.books.counters()) assert.equal(counter.held, 0n);
      assert.equal(desk.books.holds.size, 0);
    }),
    { numRuns: 200 },
  );
});

test("replaying the journal from empty gives the same balances and open holds", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const desk = aTree();
      play(desk, all);
      const replayed = new Books(noHistory);
      for (const entry of desk.journal) replayed.apply(entry);
      assert.deepEqual(stateOf(replayed), stateOf(desk.books));
    }),
    { numRuns: 200 },
  );
});

/** Counters that were only read are zero, the same as none. */
function stateOf(books: Books): unknown {
  const counters = [...books.counters()]
    .filter((counter) => !isUntouched(counter))
    .map(
      ({ id, spent, held, overrun, fired, closings, controls }) =>
        [id, { spent, held, overrun, fired, closings, controls }] as const,
    );
  return { counters: new Map(counters), holds: new Set(books.holds.keys()) };
}
