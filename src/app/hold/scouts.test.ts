/** Tests that one call at a time goes ahead of the others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Scouts } from "./scouts.ts";
import { Waiting } from "./waiting.ts";

test("one scout of a kind is out at a time, and kinds do not wait for each other", () => {
  const scouts = new Scouts(new Waiting());
  assert.ok(scouts.send("a"));
  assert.equal(scouts.send("a"), null);
  assert.ok(scouts.send("b"));
});

test("a scout that comes back wakes the waiting calls, and another may go", () => {
  const waiting = new Waiting();
  const scouts = new Scouts(waiting);
  scouts.send("a")?.comeBack();
  assert.equal(waiting.endings, 1);
  assert.ok(scouts.send("a"));
});

test("a scout that stays wakes no one, and another may go", () => {
  const waiting = new Waiting();
  const scouts = new Scouts(waiting);
  scouts.send("a")?.stay();
  assert.equal(waiting.endings, 0);
  assert.ok(scouts.send("a"));
});
