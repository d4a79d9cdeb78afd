/** The OpenAI wire: OpenAI, Azure, OpenRouter, DeepSeek, xAI and every server that speaks like them. */

import type { Endpoint, RequestFacts, UsageMeter, WireFormat } from "../wire.ts";
import { ChatMeter } from "./chat/stream.ts";
import { openaiEndpoint } from "./endpoint.ts";
import { openaiError } from "./error.ts";
import { readOpenaiRequest, type NewTokenField } from "./request.ts";
import { ResponsesMeter } from "./responses/stream.ts";
import { openaiMadeIds } from "./made-ids.ts";
import { named, storedPlace } from "./stored.ts";
import { tunedModel } from "./model-name.ts";
import { WholeMeter } from "./answer.ts";

export interface OpenaiWireOptions {
  /** How a ceiling is set in a chat request that has none: `max_completion_tokens` at OpenAI and Azure, else `max_tokens`. */
  readonly newTokenField?: NewTokenField;
}

export function openaiWire(options: OpenaiWireOptions = {}): WireFormat {
  const newTokenField = options.newTokenField ?? "max_tokens";
  return {
    name: "openai",
    endpoint: openaiEndpoint,
    read: (endpoint, body) => readOpenaiRequest(endpoint, body, newTokenField),
    meter: (endpoint, answer) =>
      answer.stream
        ? streamMeter(endpoint, answer.facts)
        : new WholeMeter(answer.facts, generates(endpoint)),
    storedPlace,
    named,
    tunedModel,
    madeIds: openaiMadeIds,
    error: openaiError,
  };
}

function streamMeter(endpoint: Endpoint, facts: RequestFacts): UsageMeter {
  return endpoint.name === "responses" || endpoint.name === "compact"
    ? new ResponsesMeter(facts)
    : new ChatMeter(facts, endpoint.name);
}

function generates(endpoint: Endpoint): boolean {
  return endpoint.name !== "embeddings";
}
