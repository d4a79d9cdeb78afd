/** Token counting with the public encodings. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cutRuns, loadEncoding } from "./encoding.ts";

test("the text of a special token is counted as text", async () => {
  const count = await loadEncoding("o200k_base");
  assert.ok(count("<|endoftext|>") > 1);
});

test("a long run without a break or of blanks is split, and no character is lost", async () => {
  const blanks = `a${" \n\t".repeat(3000)}b`;
  for (const text of [
    "",
    "short",
    "x".repeat(2000),
    "x".repeat(2001),
    `a b ${"y".repeat(5000)} c ${"z".repeat(4000)}`,
    blanks,
  ]) {
    const pieces = [...cutRuns(text)];
    assert.equal(pieces.join(""), text);
    assert.ok(
      pieces.every((piece) => Math.max(0, ...piece.split(/\s+/).map((run) => run.length)) <= 2000),
    );
    assert.ok(
      pieces.every((piece) => Math.max(0, ...piece.split(/\S+/).map((run) => run.length)) <= 2000),
    );
  }
});
