/** Google's Gemini API as a wire format. */

import { BodyMeter } from "../answer/body-meter.ts";
import type { WireFormat } from "../wire.ts";
import { GeminiAnswer } from "./answer.ts";
import { geminiEndpoint } from "./endpoint.ts";
import { geminiError } from "./error.ts";
import { geminiHeaders } from "./headers.ts";
import { canCall, geminiModels } from "./models.ts";
import { geminiPaths } from "./paths.ts";
import { geminiMadeIds } from "./made-ids.ts";
import { PredictAnswer } from "./predict/answer.ts";
import { readPredictRequest } from "./predict/request.ts";
import { readGeminiRequest } from "./request.ts";
import { named, storedPlace, tunedModel } from "./stored.ts";
import { geminiStreamMeter } from "./stream.ts";

export const geminiWire: WireFormat = {
  name: "gemini",
  paths: geminiPaths,
  headers: geminiHeaders,
  keyInQuery: true,
  keyVariable: "GEMINI_API_KEY",
  models: geminiModels,
  // The SDKs read every line as a part of the answer, and usage may follow the finish reason.
  stream: { mayBeJson: true, hasClosingEvent: false, comment: () => null },
  canCall,
  endpoint: geminiEndpoint,
  read: (endpoint, body) =>
    endpoint.unit === undefined
      ? readGeminiRequest(endpoint, body)
      : readPredictRequest({ ...endpoint, unit: endpoint.unit }, body),
  meter({ name, unit }, answer) {
    if (unit !== undefined)
      return new BodyMeter(new PredictAnswer(unit, answer.facts), { generates: false });
    const reader = new GeminiAnswer(answer);
    return answer.stream
      ? geminiStreamMeter(reader)
      : new BodyMeter(reader, { generates: name !== "embeddings" });
  },
  storedPlace,
  named,
  tunedModel,
  madeIds: geminiMadeIds,
  error: geminiError,
};
