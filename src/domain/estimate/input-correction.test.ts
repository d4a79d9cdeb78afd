import assert from "node:assert/strict";
import { test } from "node:test";
import { InputCorrection } from "./input-correction.ts";

const bytes = 1000;
const made = (): InputCorrection => new InputCorrection("openai");

test("without a call to learn from, a token is taken to be three bytes and an overhead is added", () => {
  assert.equal(made().estimate(bytes), 334 + 16);
  assert.equal(new InputCorrection("anthropic").estimate(bytes), 417 + 16);
});

test("the same body is estimated exactly once it was billed", () => {
  for (let tokens = 1; tokens < 2000; tokens += 7) {
    const correction = made();
    correction.learn(bytes, tokens);
    assert.equal(correction.estimate(bytes), tokens);
  }
});

test("the most that was billed lately counts, and is forgotten after two generations without it", () => {
  const correction = made();
  correction.learn(bytes, 900);
  for (let call = 0; call < 200; call++) correction.learn(bytes, 300);
  assert.equal(correction.estimate(bytes), 903);
  for (let call = 0; call < 512; call++) correction.learn(bytes, 300);
  assert.equal(correction.estimate(bytes), 300);
});

test("what a small body taught is the overhead of a large one, and not its ratio", () => {
  const correction = made();
  assert.equal(correction.isKnown, false);
  correction.learn(10, 100);
  assert.equal(correction.isKnown, true);
  assert.equal(correction.estimate(bytes), 100 + 330);
});

test("sizes that are alike learn from each other, and the estimate of neither is too small", () => {
  // JSON around a text is bytes and no tokens, roles and tools are tokens and few bytes.
  for (const overhead of [40, -40]) checkAlike((bytes) => Math.max(1, overhead + Math.ceil(bytes / 4)));
});

function checkAlike(billed: (bytes: number) => number): void {
  for (let size = 16; size < 5000; size += 11) {
    for (const other of [size, size + 1, Math.floor(size * 1.1), Math.floor(size * 0.93), size * 3]) {
      const correction = made();
      correction.learn(size, billed(size));
      const estimate = correction.estimate(other);
      if (other >= size) assert.ok(estimate >= billed(other), `${size} taught ${estimate} for ${other}`);
    }
  }
}

test("bodies of one size that are billed differently leave a margin, which shrinks as more are seen", () => {
  const correction = made();
  correction.learn(bytes, 200);
  correction.learn(bytes, 300);
  assert.equal(correction.estimate(bytes), 350);
  for (let call = 0; call < 98; call++) correction.learn(bytes, 250);
  assert.equal(correction.estimate(bytes), 301);
});
