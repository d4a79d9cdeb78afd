/** Tests the cost of an error without a field `error` if a stream was requested. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { created, messages, responses, settle, usd } from "./price-answer.test-kit.ts";

test("an error without a field error is not billed in a stream, also where a model reasons out of sight", () => {
  const errors = [
    { detail: "no" },
    { code: 500, message: "no" },
    { object: "error", message: "no", type: "InternalServerError", code: 500 },
    { object: "error", message: "no", type: "overloaded_error", code: 529 },
  ];
  const reasoning = {
    ...responses,
    request: { ...responses.request, model: "o3", reasoning: { effort: "high" } },
  };
  for (const error of errors) {
    const outcomes = [
      settle([error], reasoning),
      settle([created, error], reasoning),
      settle([error], messages),
    ];
    for (const outcome of outcomes) {
      assert.deepEqual(
        [usd(outcome), outcome.flags.toSorted()],
        ["0", ["provider_error", "unbilled"]],
        JSON.stringify(error),
      );
    }
  }
});
