/** The endpoints `/v1/messages` and `/v1/messages/count_tokens`. */

import type { Format } from "../call.ts";
import { messagesAnswer, messagesIdPrefix } from "./messages-answer.ts";
import { readMessages, requiredMaxTokens } from "./messages-request.ts";
import { messagesStream } from "./messages-stream.ts";

export const messages: Format = {
  wire: "anthropic",
  endpoint: "messages",
  billed: true,
  read: (body) => readMessages(body, requiredMaxTokens(body)),
  answer: messagesAnswer,
  stream: messagesStream,
  idPrefix: () => messagesIdPrefix,
};

export const countTokens: Format = {
  wire: "anthropic",
  endpoint: "count_tokens",
  billed: false,
  read: (body) => readMessages({ ...body, stream: false }, null),
  answer: (plan) => `{"input_tokens":${plan.ask.inputTokens}}`,
  idPrefix: () => "count_sim_",
};
