/** Bounded caches. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Memo, PairMemo } from "./memo.ts";

test("a memo keeps its values, and forgets all rather than exceed its bound", () => {
  const memo = new Memo<string, number>(2);
  assert.equal(memo.keep("a", 1), 1);
  memo.keep("b", 2);
  memo.keep("a", 3);
  assert.deepEqual([memo.get("a"), memo.get("b"), memo.has("c")], [3, 2, false]);
  memo.keep("c", 4);
  assert.deepEqual([memo.get("a"), memo.get("b"), memo.get("c")], [undefined, undefined, 4]);
  memo.delete("c");
  assert.equal(memo.has("c"), false);
});

test("a memo with two keys counts all of its values", () => {
  const memo = new PairMemo<string, string, number>(2);
  memo.keep("p", "a", 1);
  memo.keep("q", "a", 2);
  memo.keep("q", "a", 3);
  assert.deepEqual([memo.get("p", "a"), memo.get("q", "a"), memo.get("q", "b")], [1, 3, undefined]);
  assert.equal(memo.keep("p", "b", 4), 4);
  assert.deepEqual(
    [memo.get("p", "a"), memo.get("q", "a"), memo.get("p", "b")],
    [undefined, undefined, 4],
  );
});
