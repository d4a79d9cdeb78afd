/** Paths of Gemini's API, for choosing the format and for suggestions. */

import type { WirePaths } from "../wire.ts";

export const geminiPaths: WirePaths = {
  versions: ["v1beta", "v1alpha", "v1"],
  isVersionInBase: false,
  // Its SDKs use `v1` or `v1beta`, depending on their version (@google/genai 3.1 uses `v1`). The
  // action distinguishes paths in `v1` from other formats' models.
  own: /^\/v1(?:(?:beta|alpha)?\/(?:models|tunedModels)\/[^?]+:[A-Za-z]+|(?:beta|alpha)(?:[/?]|$))/,
  usual: ["models"],
  actions: [
    "generateContent",
    "streamGenerateContent",
    "countTokens",
    "embedContent",
    "batchEmbedContents",
    "predict",
    "predictLongRunning",
  ],
  call: ({ endpoint, model }) =>
    `/v1beta/models/${model}:${actionOf.get(endpoint) ?? "generateContent"}`,
};

const actionOf: ReadonlyMap<string, string> = new Map([
  ["embeddings", "embedContent"],
  ["images", "predict"],
  ["videos", "predictLongRunning"],
]);
