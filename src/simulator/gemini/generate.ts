/**
 * The endpoints `/v1beta/models/{model}:generateContent`, `:streamGenerateContent` and
 * `:countTokens`.
 */

import type { Format } from "../call.ts";
import { isObject } from "../ask/json.ts";
import { generateAnswer, generateIdPrefix } from "./generate-answer.ts";
import { readGenerate } from "./generate-request.ts";
import { generateStream } from "./generate-stream.ts";

export const generate: Format = {
  wire: "gemini",
  endpoint: "generate_content",
  billed: true,
  read: readGenerate,
  answer: generateAnswer,
  stream: generateStream,
  idPrefix: () => generateIdPrefix,
};

export const countTokens: Format = {
  wire: "gemini",
  endpoint: "count_tokens",
  billed: false,
  read: (body, route) =>
    readGenerate(isObject(body["generateContentRequest"]) ? body["generateContentRequest"] : body, {
      ...route,
      stream: false,
    }),
  answer: (plan) => {
    const { inputTokens: tokens } = plan.ask;
    return `{"totalTokens":${tokens},"promptTokensDetails":[{"modality":"TEXT","tokenCount":${tokens}}]}`;
  },
  idPrefix: () => "count-sim-",
};
