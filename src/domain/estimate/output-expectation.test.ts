/** Estimating output from recent calls. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { OutputExpectation } from "./output-expectation.ts";

const ceiling = 400;

test("nothing is expected before the first such call has ended, then the maximum used", () => {
  const expectation = new OutputExpectation();
  assert.equal(expectation.expected(ceiling), null);
  for (const tokens of [44, 70, 12]) expectation.learn(ceiling, tokens);
  assert.equal(expectation.expected(ceiling), 70);
  assert.equal(expectation.expected(500), null);
});

test("a long answer is forgotten after two generations without one", () => {
  const expectation = new OutputExpectation();
  expectation.learn(ceiling, 400);
  for (let call = 0; call < 511; call++) expectation.learn(ceiling, 40);
  assert.equal(expectation.expected(ceiling), 40);
});
