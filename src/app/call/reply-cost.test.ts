import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../../domain/ledger/entry.ts";
import { pico } from "../../domain/money/money.ts";
import { costComment } from "./reply-cost.ts";

const outcome: Outcome = {
  status: "settled",
  model: "m",
  usage: {},
  charges: [],
  cost: { usd: pico(1_000_000n), tokens: 0n, requests: 1n },
  reportedCost: null,
  rawUsage: null,
  flags: [],
  latencyMs: 1,
  priceVersion: "v",
};

test("a stream ends with its cost in a comment, but in Gemini's format, where clients take it for a part of the answer, and in no JSON", () => {
  const events = { "content-type": "text/event-stream" };
  for (const wireName of ["openai", "anthropic"] as const) {
    assert.match(
      Buffer.from(costComment(outcome, events, { wireName }) ?? "").toString(),
      /^: purser cost_usd=0\.000001 status=settled\n\n$/,
    );
  }
  assert.equal(costComment(outcome, events, { wireName: "gemini" }), undefined);
  assert.equal(
    costComment(outcome, { "content-type": "application/json" }, { wireName: "openai" }),
    undefined,
  );
});
