/** Paths of OpenAI's API, for choosing the format and for suggestions. */

import type { WirePaths } from "../wire.ts";
import { unitPaths } from "./endpoint.ts";

export const openaiPaths: WirePaths = {
  versions: ["v1"],
  isVersionInBase: true,
  own: /^\/v1\/(?:chat\/completions|completions|responses|embeddings|deployments\/)/,
  usual: ["chat/completions", "completions", "responses", "embeddings", "models", ...unitPaths],
  actions: [],
  call: ({ endpoint }) => (endpoint === "embeddings" ? "/v1/embeddings" : "/v1/chat/completions"),
};
