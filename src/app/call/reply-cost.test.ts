/** Tests the cost comment at the end of a stream. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "../../domain/ledger/entry.ts";
import { pico } from "../../domain/money/money.ts";
import { anthropicWire } from "../../wire/anthropic/index.ts";
import { geminiWire } from "../../wire/gemini/index.ts";
import { openaiWire } from "../../wire/openai/index.ts";
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
  for (const wire of [openaiWire(), anthropicWire]) {
    assert.match(
      Buffer.from(costComment(outcome, events, wire) ?? "").toString(),
      /^: purser cost_usd=0\.000001 status=settled\n\n$/,
    );
  }
  assert.equal(costComment(outcome, events, geminiWire), undefined);
  assert.equal(
    costComment(outcome, { "content-type": "application/json" }, openaiWire()),
    undefined,
  );
});
