/** Anthropic's Messages API as a wire format. */

import { eventComment } from "../answer/comment.ts";
import { bodyMeter, sseFraming, streamMeter } from "../answer/meter.ts";
import type { WireFormat } from "../wire.ts";
import { AnthropicBody } from "./body.ts";
import { anthropicEndpoint } from "./endpoint.ts";
import { anthropicError } from "./error.ts";
import { anthropicHeaders } from "./headers.ts";
import { anthropicModels } from "./models.ts";
import { anthropicPaths } from "./paths.ts";
import { readAnthropicRequest } from "./request.ts";
import { anthropicMadeIds, named, storedPlace } from "./stored.ts";
import { AnthropicStream } from "./stream.ts";

export const anthropicWire: WireFormat = {
  name: "anthropic",
  paths: anthropicPaths,
  headers: anthropicHeaders,
  keyInQuery: false,
  keyVariable: "ANTHROPIC_API_KEY",
  models: anthropicModels,
  stream: { mayBeJson: false, hasClosingEvent: true, comment: eventComment },
  canCall: () => true,
  endpoint: anthropicEndpoint,
  read: (_endpoint, body) => readAnthropicRequest(body),
  meter(_endpoint, { stream, facts }) {
    if (!stream) return bodyMeter(new AnthropicBody(facts), { generates: true });
    const state = new AnthropicStream(facts);
    return streamMeter(
      sseFraming((data) => state.take(data)),
      state,
      (cut) => state.stop(cut),
    );
  },
  storedPlace,
  named,
  tunedModel: () => undefined,
  madeIds: anthropicMadeIds,
  error: anthropicError,
};
