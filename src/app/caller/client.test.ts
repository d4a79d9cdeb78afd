/** Tests which clients are recognised by their user agent. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { habitsOf } from "./client.ts";

test("Codex, and litellm before it supported 402, are recognised by their user agent; no other client is", () => {
  const repeats = (name: string): boolean =>
    habitsOf({ "user-agent": name }).retriesPaymentRequired;
  for (const name of [
    "codex_exec/0.171.0 (Debian 12.0.0; x86_64)",
    "codex-tui/0.171.0",
    "Codex Desktop/0.171.0",
    "litellm/1.81.10",
    "litellm/1.9.0",
  ]) {
    assert.ok(repeats(name), name);
  }
  for (const name of [
    "OpenAI/Python 3.57.0",
    "litellm/1.82.0",
    "litellm/1.110.2",
    "codexample/1",
    "",
  ])
    assert.ok(!repeats(name), name);
  assert.equal(habitsOf({}).showsOnlyReason, false);
  assert.equal(habitsOf({ "user-agent": "codex_exec/0.171.0" }).showsOnlyReason, true);
});
