/** Tests which requests count as a repeat. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fingerprint } from "./fingerprint.ts";

test("the order of fields does not matter, at any depth", () => {
  assert.equal(
    fingerprint({ a: 1n, b: { c: 1, d: 2 } }),
    fingerprint({ b: { d: 2, c: 1 }, a: 1n }),
  );
});

test("any other value is another request", () => {
  const all = [{ a: 1 }, { a: 2 }, { b: 1 }, { a: [1, 2] }, { a: [2, 1] }, { a: null }].map(
    fingerprint,
  );
  assert.equal(new Set(all).size, all.length);
});
