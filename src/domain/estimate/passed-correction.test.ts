import assert from "node:assert/strict";
import { test } from "node:test";
import { PassedCorrection } from "./passed-correction.ts";

const model = { provider: "openai", model: "m" };

test("what passed counts as it is until a stream of the model has ended", () => {
  const correction = new PassedCorrection();
  assert.equal(correction.factor(model), 1);
  correction.learn({ model, passed: 300, billed: 200 });
  assert.equal(correction.factor(model), 200 / 300);
  assert.equal(correction.factor({ ...model, model: "other" }), 1);
});

test("the highest share counts, and no share raises an estimate", () => {
  const correction = new PassedCorrection();
  for (const billed of [100, 150, 120]) correction.learn({ model, passed: 200, billed });
  assert.ok(correction.factor(model) >= 0.75);
  correction.learn({ model, passed: 200, billed: 500 });
  assert.equal(correction.factor(model), 1);
});

test("a few tokens teach nothing", () => {
  const correction = new PassedCorrection();
  correction.learn({ model, passed: 10, billed: 1 });
  correction.learn({ model, passed: 100, billed: 0 });
  assert.equal(correction.factor(model), 1);
});
