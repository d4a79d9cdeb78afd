/** Anthropic's Messages API as a wire format. */

import { BodyMeter } from "../answer/body-meter.ts";
import { eventComment } from "../answer/comment.ts";
import { sseMeter } from "../answer/stream-meter.ts";
import type { WireFormat } from "../wire.ts";
import { AnthropicAnswer } from "./answer.ts";
import { anthropicEndpoint } from "./endpoint.ts";
import { anthropicError } from "./error.ts";
import { anthropicHeaders } from "./headers.ts";
import { anthropicModels } from "./models.ts";
import { anthropicPaths } from "./paths.ts";
import { anthropicMadeIds } from "./made-ids.ts";
import { readAnthropicRequest } from "./request.ts";
import { named, storedPlace } from "./stored.ts";
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
  meter: (_endpoint, { stream, facts }) =>
    stream
      ? sseMeter(new AnthropicStream(facts))
      : new BodyMeter(new AnthropicAnswer(facts), { generates: true }),
  storedPlace,
  named,
  tunedModel: () => undefined,
  madeIds: anthropicMadeIds,
  error: anthropicError,
};
