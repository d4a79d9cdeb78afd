/** Headers of Gemini's API. */

import { accountHeaders } from "../account-header.ts";
import type { WireHeaders } from "../wire.ts";

/** Source: the headers of @google/genai and of Google's API clients, read 2026-11-28. */
export const geminiHeaders: WireHeaders = {
  key: ["x-goog-api-key"],
  typical: ["x-goog-api-key", "x-goog-api-client"],
  forwarded: new Set(["x-goog-api-client", "x-goog-request-params", "x-server-timeout"]),
  account: accountHeaders,
  setKey(headers, apiKey) {
    headers["x-goog-api-key"] = apiKey;
  },
};
