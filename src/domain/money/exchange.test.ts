import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Exchange, fraction, type ExchangeRate } from "./exchange.ts";

const dayMs = 86_400_000;

function rate(day: number, numerator: bigint, denominator: bigint): ExchangeRate {
  return {
    currency: "EUR",
    from: day * dayMs,
    units: fraction(numerator, denominator),
    stated: { as: "units_per_usd", value: "" },
  };
}

const rates = fc
  .uniqueArray(fc.tuple(fc.nat(30), fc.bigInt(1n, 10n ** 15n), fc.bigInt(1n, 10n ** 15n)), {
    minLength: 1,
    maxLength: 8,
    selector: ([day]) => day,
  })
  .map((all) => all.map(([day, numerator, denominator]) => rate(day, numerator, denominator)));

const amounts = fc.array(fc.tuple(fc.bigInt(0n, 10n ** 20n), fc.nat(40 * dayMs)), {
  minLength: 1,
  maxLength: 20,
});

test("an amount is rounded once, to the nearest, however it is summed up", () => {
  fc.assert(
    fc.property(rates, amounts, fc.integer({ min: 1, max: 1000 }), (all, spent, parts) => {
      const exchange = new Exchange(all, { currency: "EUR" });
      const dated = spent.flatMap(([amount, at]) => {
        const found = exchange.rateAt(at);
        return found ? [{ amount, found }] : [];
      });
      const sum = dated.reduce((total, one) => total + exchange.convert(one.amount, one.found), 0n);
      // The sum as a fraction, without a common denominator.
      const exact = dated.reduce<[bigint, bigint]>(
        ([n, d], { amount, found }) => [
          n * found.units.denominator + amount * found.units.numerator * d,
          d * found.units.denominator,
        ],
        [0n, 1n],
      );
      const printed = picoOf(exchange.printShare(sum, parts));
      const difference = (printed * exact[1] * BigInt(parts) - exact[0]) * 2n;
      const half = exact[1] * BigInt(parts);
      assert.ok(difference <= half && difference > -half);
    }),
  );
});

test("the parts of a range have no gaps and no overlap, and each has the rate of its days", () => {
  fc.assert(
    fc.property(
      rates,
      fc.nat(40 * dayMs),
      fc.integer({ min: 1, max: 40 * dayMs }),
      (all, from, length) => {
        const range = { from, to: from + length };
        const exchange = new Exchange(all, { currency: "EUR", ...range });
        const parts = exchange.parts(range);
        assert.equal(parts[0]?.from, range.from);
        assert.equal(parts.at(-1)?.to, range.to);
        for (const [index, part] of parts.entries()) {
          if (index > 0) assert.equal(part.from, parts[index - 1]?.to);
          const ends = [part.from ?? 0, (part.to ?? 0) - 1];
          for (const at of ends) assert.equal(exchange.rateAt(at) ?? null, part.rate);
        }
      },
    ),
  );
});

function picoOf(text: string): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(12, "0"));
}
