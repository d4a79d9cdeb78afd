/** A model without a price is held at its provider's ceiling, in every budget that needs a price. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pico } from "../money/money.ts";
import type { FallbackRates } from "../price/row/rate.ts";
import type { Demand } from "./command.ts";
import { aHold, anOutcome, Desk } from "./desk.test-kit.ts";

const rate = (perUnit: bigint) =>
  ({
    provider: "p",
    model: "dear",
    meter: "input",
    perUnit: pico(perUnit),
    serviceTier: "standard",
    match: "fallback",
    source: "ceiling",
    version: "1",
  }) as const;
const rates: FallbackRates = {
  input: pico(2n),
  output: pico(10n),
  ceiling: { input: rate(2n), output: rate(10n), webSearch: rate(0n), request: rate(4n) },
};

function demandOf({ input, output, least = output }: Size): Demand {
  return {
    fixed: { usd: pico(0n), tokens: BigInt(input), requests: 1n },
    perOutputToken: null,
    outputTokens: output,
    leastOutputTokens: least,
    inputTokens: input,
    ceiling: { rates, fees: pico(4n) },
  };
}

interface Size {
  readonly input: number;
  readonly output: number;
  readonly least?: number;
}

const allow = {
  policy: "allow",
  fallback: { input: pico(1n), output: pico(1n) },
} as const;
const size = { input: 5, output: 7 };

test("a hard budget holds the ceiling, with its fees, and shortens the answer to what it can pay", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "usd", amount: 134n });
  const held = desk.run(aHold("a", 0n, { demand: demandOf(size) }));
  assert.deepEqual([held.admitted && held.fallback, desk.counter("usd").held], [rates, 84n]);
  const fitted = desk.run(aHold("b", 0n, { demand: demandOf({ ...size, least: 1 }) }));
  assert.equal(fitted.admitted && fitted.outputTokens, 3);
  const refused = desk.run(aHold("c", 0n, { demand: demandOf(size) }));
  assert.equal(!refused.admitted && refused.refusal.reason, "budget_held");
});

test("a budget's own rates take precedence, unless another budget states none", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "stated", unpriced: allow });
  desk.run(aHold("a", 0n, { demand: demandOf(size) }));
  assert.equal(desk.counter("stated").held, 12n);
  desk.budget({ budgetId: "unstated" });
  const held = desk.run(aHold("b", 0n, { demand: demandOf(size) }));
  assert.equal(held.admitted && held.amount.usd, 84n);
});

test("where no budget needs a price, nothing is held", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "soft", policy: "soft", unpriced: { policy: "allow", fallback: null } });
  const held = desk.run(aHold("a", 0n, { demand: demandOf(size) }));
  assert.deepEqual([held.admitted && held.fallback, desk.counter("soft").held], [null, 0n]);
});

test("a reported cost above the ceiling is an overrun, which blocks the next call", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "usd", amount: 100n });
  desk.run(aHold("a", 0n, { demand: demandOf(size) }));
  const call = { operationId: "a", attempt: 1, at: 2, fingerprint: null };
  desk.run({ kind: "settle", ...call, outcome: anOutcome(130n) });
  assert.deepEqual(desk.counter("usd"), { spent: 130n, held: 0n, overrun: 30n });
  const next = desk.run(aHold("b", 0n, { demand: demandOf({ input: 1, output: 1 }) }));
  assert.equal(!next.admitted && next.refusal.reason, "budget_exhausted");
});

test("costs up to the ceiling never overspend a hard budget", () => {
  const call = fc.record({
    input: fc.nat(20),
    output: fc.nat(20),
    least: fc.nat(20),
    /** Of the held amount. */
    percent: fc.integer({ min: 0, max: 100 }),
    ends: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2000n }),
      fc.array(call, { maxLength: 20 }),
      (amount, calls) => {
        const desk = new Desk();
        desk.budget({ budgetId: "usd", amount });
        for (const [index, { input, output, least, percent, ends }] of calls.entries()) {
          const demand = demandOf({ input, output, least: Math.min(least, output) });
          const held = desk.run(aHold(`op${index}`, 0n, { demand }));
          if (!held.admitted || !ends) continue;
          assert.equal(held.amount.usd, BigInt(2 * input + 10 * held.outputTokens + 4));
          const cost = (held.amount.usd * BigInt(percent)) / 100n;
          desk.run({
            kind: "settle",
            ...held.call,
            at: 2,
            fingerprint: null,
            outcome: anOutcome(cost),
          });
          const { spent, held: left, overrun } = desk.counter("usd");
          assert.ok(spent + left <= amount && overrun === 0n);
        }
      },
    ),
  );
});
