/** Tests usage in addition to the answer, by the same model or another. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { messages, settle, usd } from "./price-answer.test-kit.ts";

test("an advisor of the same model and a compaction are parts of their own, and the ceiling of the answer is not for them", () => {
  for (const type of ["advisor_message", "compaction"]) {
    const iterations = [
      { type: "message", input_tokens: 100, output_tokens: 90 },
      { type, model: "m", input_tokens: 60_000, output_tokens: 3500 },
    ];
    const usage = { input_tokens: 100, output_tokens: 90, iterations };
    const start = {
      type: "message_start",
      message: { id: "i", model: "m", usage: { input_tokens: 100, output_tokens: 1 } },
    };
    const end = [
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage },
      { type: "message_stop" },
    ];
    for (const answer of [{ type: "message", model: "m", content: [], usage }, [start, ...end]]) {
      const outcome = settle(answer, { ...messages, request: { messages: [], max_tokens: 100 } });
      assert.deepEqual(
        [outcome.usage, outcome.flags, outcome.status],
        [{ input: 100, output: 90 }, [], "settled"],
        type,
      );
      assert.deepEqual(
        outcome.parts,
        [{ model: "m", usage: { input: 60_000, output: 3500 } }],
        type,
      );
      // 60,100 × 1 + 3,590 × 10 USD per million.
      assert.equal(usd(outcome), "0.096", type);
    }
  }
});
