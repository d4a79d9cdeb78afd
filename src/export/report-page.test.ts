/** Tests amounts of a printed report: rounded, halves away from zero. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUsd } from "../domain/money/money.ts";
import { dollars } from "./report-page.ts";

const shown: Readonly<Record<string, string>> = {
  "0": "$0.000000",
  "2.0998549": "$2.10",
  "2.005": "$2.01",
  "-2.005": "-$2.01",
  "2.004999999999": "$2.00",
  "0.01": "$0.01",
  "0.0149": "$0.01",
  "0.0099999": "$0.010000",
  "0.0000005": "$0.000001",
  "-0.0000001": "$0.000000",
  "1999.995": "$2,000.00",
  "1234567.891": "$1,234,567.89",
};

for (const [amount, text] of Object.entries(shown))
  test(`${amount} is ${text}`, () => assert.equal(dollars(parseUsd(amount)), text));
