/** The endpoint `/v1/responses`. */

import type { Format } from "../call.ts";
import { finalStatus, outputItems, responseObject, responsesIdPrefix } from "./responses-answer.ts";
import { readResponses } from "./responses-request.ts";
import { responsesStream } from "./responses-stream.ts";

export const responses: Format = {
  wire: "openai",
  endpoint: "responses",
  billed: true,
  read: readResponses,
  answer: (plan) =>
    responseObject(plan, { status: finalStatus(plan), items: outputItems(plan), usage: true }),
  stream: responsesStream,
  idPrefix: () => responsesIdPrefix,
};
