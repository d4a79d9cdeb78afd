/** Exact money: parsing, formatting and arithmetic. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PurserError } from "../error.ts";
import { add, formatUsd, multiply, parseUsd, pico, subtract, toNumber } from "./money.ts";

const amounts = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(pico);

test("a printed amount parses to the same amount", () => {
  fc.assert(fc.property(amounts, (amount) => assert.equal(parseUsd(formatUsd(amount)), amount)));
});

test("adding and subtracting an amount changes nothing, at any size", () => {
  fc.assert(
    fc.property(amounts, amounts, (left, right) =>
      assert.equal(subtract(add(left, right), right), left),
    ),
  );
});

test("a quantity at a rate is the sum of its parts at that rate", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 12n }).map(pico),
      fc.nat(1_000_000),
      fc.nat(1_000_000),
      (rate, first, second) => {
        assert.equal(
          multiply(rate, first + second),
          add(multiply(rate, first), multiply(rate, second)),
        );
      },
    ),
  );
});

test("a tenth and two tenths are three tenths", () => {
  assert.equal(formatUsd(add(parseUsd("0.1"), parseUsd("0.2"))), "0.3");
});

test("amounts print without exponent, trailing zeros or a bare point", () => {
  const printed = [0n, 1n, -1n, 10n ** 12n, 15n * 10n ** 11n, 21_000_000_000n].map((amount) =>
    formatUsd(pico(amount)),
  );
  assert.deepEqual(printed, ["0", "0.000000000001", "-0.000000000001", "1", "1.5", "0.021"]);
});

test("the number for a chart is the float nearest to the amount", () => {
  assert.equal(toNumber(parseUsd("0.012345")), 0.012345);
});

for (const text of [
  "",
  ".5",
  "1.",
  "1e3",
  "NaN",
  "Infinity",
  "+1",
  " 1",
  "1,5",
  "0x10",
  "1.0000000000001",
  "9".repeat(31),
]) {
  test(`"${text}" is refused as an amount, and the field is named`, () => {
    const isRefused = (error: unknown): boolean =>
      error instanceof PurserError &&
      error.code === "invalid_request" &&
      error.detail.field === "price" &&
      error.message.includes("price");
    assert.throws(() => parseUsd(text, "price"), isRefused);
  });
}
