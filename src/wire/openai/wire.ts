/**
 * OpenAI's API as a wire format, also of Azure, OpenRouter, DeepSeek, xAI and other compatible
 * servers.
 */

import { eventComment } from "../answer/comment.ts";
import type { Endpoint, RequestFacts, UsageMeter, WireFormat } from "../wire.ts";
import { BodyMeter } from "../answer/body-meter.ts";
import { sseMeter } from "../answer/stream-meter.ts";
import { OpenaiAnswer } from "./answer.ts";
import { ChatStream } from "./chat/stream.ts";
import { openaiEndpoint } from "./endpoint.ts";
import { openaiError } from "./error.ts";
import { openaiHeaders } from "./headers.ts";
import { openaiModels } from "./models.ts";
import { openaiPaths } from "./paths.ts";
import { readUnitRequest } from "./unit/request.ts";
import { UnitMeter } from "./unit/meter.ts";
import { readOpenaiRequest, type NewTokenField } from "./request.ts";
import { ResponsesStream } from "./responses/stream.ts";
import { openaiMadeIds } from "./made-ids.ts";
import { named, storedPlace } from "./stored.ts";
import { tunedModel } from "./model-name.ts";

export interface OpenaiWireOptions {
  /**
   * The output limit to add to a chat request without one: `max_completion_tokens` at OpenAI and
   * Azure, else `max_tokens`.
   */
  readonly newTokenField?: NewTokenField;
}

export function openaiWire(options: OpenaiWireOptions = {}): WireFormat {
  const newTokenField = options.newTokenField ?? "max_tokens";
  return {
    name: "openai",
    paths: openaiPaths,
    headers: openaiHeaders,
    keyInQuery: false,
    keyVariable: "OPENAI_API_KEY",
    models: openaiModels,
    stream: { mayBeJson: false, hasClosingEvent: true, comment: eventComment },
    canCall: () => true,
    endpoint: openaiEndpoint,
    read: (endpoint, body, contentType) =>
      endpoint.unit === undefined
        ? readOpenaiRequest(endpoint, body, newTokenField)
        : readUnitRequest({ ...endpoint, unit: endpoint.unit }, body, contentType),
    meter: (endpoint, answer) =>
      endpoint.unit !== undefined
        ? new UnitMeter(endpoint.unit, answer.facts)
        : answer.stream
          ? streamMeter(endpoint, answer.facts)
          : bodyMeter(endpoint, answer.facts),
    storedPlace,
    named,
    tunedModel,
    madeIds: openaiMadeIds,
    error: openaiError,
  };
}

function streamMeter(endpoint: Endpoint, facts: RequestFacts): UsageMeter {
  return endpoint.name === "responses" || endpoint.name === "compact"
    ? sseMeter(new ResponsesStream(facts))
    : sseMeter(new ChatStream(facts, endpoint.name));
}

function bodyMeter(endpoint: Endpoint, facts: RequestFacts): UsageMeter {
  const generates = endpoint.name !== "embeddings";
  return new BodyMeter(new OpenaiAnswer(facts, generates), { generates });
}
