/** Anthropic's Messages API as a wire format. */

import { bodyMeter, sseFraming, streamMeter } from "../answer/meter.ts";
import type { WireFormat } from "../wire.ts";
import { AnthropicAnswer } from "./answer.ts";
import { anthropicEndpoint } from "./endpoint.ts";
import { anthropicError } from "./error.ts";
import { anthropicMadeIds } from "./made-ids.ts";
import { readAnthropicRequest } from "./request.ts";
import { named, storedPlace } from "./stored.ts";
import { AnthropicStream } from "./stream.ts";

export const anthropicWire: WireFormat = {
  name: "anthropic",
  endpoint: anthropicEndpoint,
  read: (_endpoint, body) => readAnthropicRequest(body),
  meter(_endpoint, { stream, facts }) {
    if (!stream) return bodyMeter(new AnthropicAnswer(facts), { generates: true });
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
