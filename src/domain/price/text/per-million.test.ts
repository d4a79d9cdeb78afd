/** Conversion between USD per million units and pico-USD per unit. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { PurserError } from "../../error.ts";
import { pico } from "../../money/money.ts";
import {
  formatPerMillion,
  parsePerCall,
  parsePerMillion,
  parsePerMillionCalls,
} from "./per-million.ts";

const refusal = (text: string): PurserError => {
  try {
    parsePerMillion(text, "prices[0].input");
  } catch (error) {
    if (error instanceof PurserError) return error;
  }
  return assert.fail(`"${text}" was accepted`);
};

test("a price per million is a whole number of pico-USD per token", () => {
  assert.equal(parsePerMillion("0.15", "input"), 150_000n);
  assert.equal(parsePerMillion("0.000001", "input"), 1n);
  assert.equal(parsePerMillion("0", "input"), 0n);
  assert.equal(parsePerMillion("1000000", "input"), 1_000_000_000_000n);
});

test("an inexact, negative, absurd or non-numeric price is refused with field and remedy", () => {
  for (const text of [
    "0.0000001",
    "-1",
    "NaN",
    "Infinity",
    "1e3",
    "1000000.000001",
    "",
    "1,5",
    "0x1",
  ]) {
    const error = refusal(text);
    assert.equal(error.code, "invalid_request", text);
    assert.equal(error.detail.field, "prices[0].input", text);
    assert.ok(error.detail.remedy, text);
  }
  assert.match(refusal("2500000").detail.remedy ?? "", /per token instead of per million/);
});

test("fees per call and per million calls agree", () => {
  assert.equal(parsePerCall("0.01", "web_search"), 10_000_000_000n);
  assert.equal(parsePerMillionCalls("10000", "web_search"), 10_000_000_000n);
  assert.equal(parsePerCall("1000", "web_search"), 1_000_000_000_000_000n);
  assert.throws(() => parsePerCall("1000.000000000001", "web_search"), PurserError);
});

test("a printed rate parses to the same rate", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), (rate) => {
      assert.equal(parsePerMillion(formatPerMillion(pico(rate)), "input"), rate);
    }),
  );
});
