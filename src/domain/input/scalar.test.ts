/** Tests reading numbers, times and ids. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decimalText, formatInstant, parseInstant } from "./scalar.ts";

test("a number of up to 15 digits is read exactly", () => {
  const digits = fc.integer({ min: 0, max: 15 }).chain((decimals) =>
    fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }).map((units) => {
      const text = String(units).padStart(decimals + 1, "0");
      const fraction = text.slice(text.length - decimals).replace(/0+$/, "");
      return `${text.slice(0, text.length - decimals)}${decimals > 0 && fraction ? `.${fraction}` : ""}`;
    }),
  );
  fc.assert(
    fc.property(digits, (text) => {
      fc.pre(!String(Number(text)).includes("e"));
      assert.equal(decimalText(Number(text), "x"), text);
    }),
    { numRuns: 1000 },
  );
});

test("a time survives formatting and parsing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253402300799999 }), (instant) => {
      assert.equal(parseInstant(formatInstant(instant), "x"), instant);
    }),
  );
});

test("a time is formatted as by Temporal, with the digits of a second that it has", () => {
  const whole = fc.integer({ min: -1e9, max: 253402300799 }).map((seconds) => seconds * 1000);
  fc.assert(
    fc.property(whole, fc.constantFrom(0, 1, 10, 100, 120, 500, 999), (seconds, ms) => {
      const instant = Temporal.Instant.fromEpochMilliseconds(seconds + ms);
      assert.equal(formatInstant(seconds + ms), instant.toString());
    }),
  );
});

test("offsets, lower case and fractions of a second are read", () => {
  assert.equal(parseInstant("1970-01-01t01:00:00.0019z", "x"), 3_600_001);
  assert.equal(parseInstant("1970-01-01T00:00:00-00:30", "x"), 1_800_000);
  assert.equal(parseInstant("1970-01-01 00:01Z", "x"), 60_000);
});

test("a date means midnight in UTC", () => {
  assert.equal(parseInstant("1970-01-02", "x"), 86_400_000);
  assert.equal(parseInstant("2028-02-29", "x"), Date.UTC(2028, 1, 29));
});

for (const text of [
  "1970-01-01T00:00:00",
  "1970-02-29",
  "1970-02-31T00:00:00Z",
  "1970-02-31T00:00:00+02:00",
  "1970-01-01T24:00:00Z",
  "1970-01",
  "1970-13-01T00:00:00Z",
  "1970-01-01T00:00:00Z[UTC]",
  "+001970-01-01T00:00:00Z",
  5,
]) {
  test(`${text} is not a valid time`, () =>
    assert.throws(() => parseInstant(text, "x"), /^PurserError: x is/));
}
