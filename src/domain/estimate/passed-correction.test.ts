import assert from "node:assert/strict";
import { test } from "node:test";
import { PassedCorrection } from "./passed-correction.ts";

test("what passed counts as it is until a stream of the model has ended", () => {
  const correction = new PassedCorrection();
  assert.equal(correction.factor, 1);
  correction.learn({ passed: 300, billed: 200 });
  assert.equal(correction.factor, 200 / 300);
});

test("the highest share counts, and no share raises an estimate", () => {
  const correction = new PassedCorrection();
  for (const billed of [100, 150, 120]) correction.learn({ passed: 200, billed });
  assert.ok(correction.factor >= 0.75);
  correction.learn({ passed: 200, billed: 500 });
  assert.equal(correction.factor, 1);
});

test("a few tokens teach nothing", () => {
  const correction = new PassedCorrection();
  correction.learn({ passed: 10, billed: 1 });
  correction.learn({ passed: 100, billed: 0 });
  assert.equal(correction.factor, 1);
});
