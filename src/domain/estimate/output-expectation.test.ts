import assert from "node:assert/strict";
import { test } from "node:test";
import { OutputExpectation } from "./output-expectation.ts";

const sample = { provider: "openai", model: "m", ceiling: 400 };

test("nothing is expected before such a call has ended, and then the most that one needed", () => {
  const expectation = new OutputExpectation();
  assert.equal(expectation.expected(sample), null);
  for (const tokens of [44, 70, 12]) expectation.learn(sample, tokens);
  assert.equal(expectation.expected(sample), 70);
  assert.equal(expectation.expected({ ...sample, ceiling: 500 }), null);
});

test("a long answer is forgotten after two generations without one", () => {
  const expectation = new OutputExpectation();
  expectation.learn(sample, 400);
  for (let call = 0; call < 511; call++) expectation.learn(sample, 40);
  assert.equal(expectation.expected(sample), 40);
});
