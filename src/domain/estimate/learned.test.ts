/** What is learned per model from completed calls. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Learned } from "./learned.ts";

test("each model of each provider learns separately, and reading stores nothing", () => {
  const learned = new Learned();
  assert.equal(learned.of("openai", "m").added.isKnown, false);
  learned.teach("openai", "m").added.learn({ bound: 10, billed: 12 });
  assert.equal(learned.of("openai", "m").added.tokens, 2);
  assert.equal(learned.of("openai", "other").added.isKnown, false);
  assert.equal(learned.of("azure", "m").added.isKnown, false);
});

test("made-up models do not fill the memory", () => {
  const learned = new Learned();
  for (let number = 0; number <= 10_000; number++)
    learned.teach("openai", `m${number}`).output.learn(100, 50);
  assert.equal(learned.of("openai", "m0").output.expected(100), null);
  assert.equal(learned.of("openai", "m10000").output.expected(100), 50);
});
