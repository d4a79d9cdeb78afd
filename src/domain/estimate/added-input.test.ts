/** Learning the input that a provider bills beyond what was sent. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { AddedInput } from "./added-input.ts";

test("nothing is added until a bill exceeds its bound, then the maximum excess", () => {
  const added = new AddedInput();
  assert.deepEqual([added.isKnown, added.tokens], [false, 0]);
  added.learn({ bound: 100, billed: 30 });
  assert.deepEqual([added.isKnown, added.tokens], [true, 0]);
  added.learn({ bound: 100, billed: 900 });
  added.learn({ bound: 100, billed: 250 });
  assert.equal(added.tokens, 800);
});

test("an excess is forgotten after two generations without it", () => {
  const added = new AddedInput();
  added.learn({ bound: 100, billed: 900 });
  for (let call = 0; call < 511; call++) added.learn({ bound: 100, billed: 30 });
  assert.equal(added.tokens, 0);
});
