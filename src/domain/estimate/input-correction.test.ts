import assert from "node:assert/strict";
import { test } from "node:test";
import { InputCorrection } from "./input-correction.ts";

const sample = { provider: "openai", model: "m", textBytes: 1000 };

test("without a call to learn from, a token is taken to be three bytes and an overhead is added", () => {
  assert.equal(new InputCorrection().estimate(sample), 334 + 16);
  assert.equal(new InputCorrection().estimate({ ...sample, provider: "anthropic" }), 417 + 16);
});

test("the same body is estimated exactly once it was billed", () => {
  for (let tokens = 1; tokens < 2000; tokens += 7) {
    const correction = new InputCorrection();
    correction.learn(sample, tokens);
    assert.equal(correction.estimate(sample), tokens);
  }
});

test("the highest ratio seen lately counts, and is forgotten after two generations without it", () => {
  const correction = new InputCorrection();
  correction.learn(sample, 900);
  for (let call = 0; call < 200; call++) correction.learn(sample, 300);
  assert.equal(correction.estimate(sample), 900);
  for (let call = 0; call < 512; call++) correction.learn(sample, 300);
  assert.equal(correction.estimate(sample), 300);
});

test("what a small body taught does not touch the estimate of a large one", () => {
  const correction = new InputCorrection();
  correction.learn({ ...sample, textBytes: 10 }, 100);
  assert.equal(correction.estimate(sample), 334 + 16);
});
