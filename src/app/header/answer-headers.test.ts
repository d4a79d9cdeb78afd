/** Tests which headers of an answer reach the caller. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { geminiWire } from "../../wire/gemini/index.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import { isEventStream, isWhole, replyHeaders } from "./answer-headers.ts";

test("the caller gets the provider's headers except connection headers and those that only Purser sets", () => {
  const answered = replyHeaders({
    "content-type": "application/json",
    "x-request-id": "r1",
    "transfer-encoding": "chunked",
    "set-cookie": ["a=b"],
    "x-purser-cost-usd": "0",
    "x-purser-unpriced": "true",
  });
  assert.deepEqual(answered, { "content-type": "application/json", "x-request-id": "r1" });
});

test("a JSON answer is complete, except for Gemini, whose streams are JSON too", () => {
  const json = { "content-type": "application/json; charset=utf-8" };
  assert.deepEqual([isWhole(json, openaiWire()), isWhole(json, geminiWire)], [true, false]);
  assert.deepEqual(
    [isEventStream(json), isEventStream({ "content-type": "text/event-stream; charset=utf-8" })],
    [false, true],
  );
});
