/** Tests that a key has a limited number of event streams, and gets places back once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { mostStreams, takePlace } from "./stream-places.ts";

test("a key has a limited number of streams, whatever others have", () => {
  const [feed, other] = [{}, {}];
  const [leave, ...rest] = Array.from({ length: mostStreams }, () => takePlace(feed, "a"));
  assert.throws(() => takePlace(feed, "a"), { code: "too_many" });
  takePlace(feed, "b");
  takePlace(other, "a");
  leave?.();
  leave?.();
  takePlace(feed, "a");
  assert.throws(() => takePlace(feed, "a"), { code: "too_many" });
  for (const one of rest) one();
  takePlace(feed, "a");
});
