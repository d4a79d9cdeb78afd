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

test("the most that was billed lately counts, and is forgotten after two generations without it", () => {
  const correction = new InputCorrection();
  correction.learn(sample, 900);
  for (let call = 0; call < 200; call++) correction.learn(sample, 300);
  assert.equal(correction.estimate(sample), 903);
  for (let call = 0; call < 512; call++) correction.learn(sample, 300);
  assert.equal(correction.estimate(sample), 300);
});

test("what a small body taught is the overhead of a large one, and not its ratio", () => {
  const correction = new InputCorrection();
  assert.equal(correction.isKnown(sample), false);
  correction.learn({ ...sample, textBytes: 10 }, 100);
  assert.equal(correction.isKnown(sample), true);
  assert.equal(correction.estimate(sample), 100 + 330);
});

test("sizes that are alike learn from each other, and the estimate of neither is too small", () => {
  // JSON around a text is bytes and no tokens, roles and tools are tokens and few bytes.
  for (const overhead of [40, -40]) checkAlike((bytes) => Math.max(1, overhead + Math.ceil(bytes / 4)));
});

function checkAlike(billed: (bytes: number) => number): void {
  for (let bytes = 16; bytes < 5000; bytes += 11) {
    for (const other of [bytes, bytes + 1, Math.floor(bytes * 1.1), Math.floor(bytes * 0.93), bytes * 3]) {
      const correction = new InputCorrection();
      correction.learn({ ...sample, textBytes: bytes }, billed(bytes));
      const estimate = correction.estimate({ ...sample, textBytes: other });
      if (other >= bytes) assert.ok(estimate >= billed(other), `${bytes} taught ${estimate} for ${other}`);
    }
  }
}

test("bodies of one size that are billed differently leave a margin, which shrinks as more are seen", () => {
  const correction = new InputCorrection();
  correction.learn(sample, 200);
  correction.learn(sample, 300);
  assert.equal(correction.estimate(sample), 350);
  for (let call = 0; call < 98; call++) correction.learn(sample, 250);
  assert.equal(correction.estimate(sample), 301);
});
