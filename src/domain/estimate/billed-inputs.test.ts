/** Remembering the billed tokens of inputs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { BilledInputs } from "./billed-inputs.ts";

test("a billed input is remembered at its maximum", () => {
  const billed = new BilledInputs();
  assert.equal(billed.of("a"), undefined);
  billed.learn("a", 12);
  billed.learn("a", 11);
  assert.equal(billed.of("a"), 12);
});

test("the oldest inputs are forgotten", () => {
  const billed = new BilledInputs();
  for (let input = 0; input <= 10_000; input++) billed.learn(String(input), input + 1);
  assert.deepEqual([billed.of("0"), billed.of("1"), billed.of("10000")], [undefined, 2, 10_001]);
});
