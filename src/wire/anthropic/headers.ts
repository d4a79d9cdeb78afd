/** Headers of Anthropic's API. */

import { accountHeaders } from "../account-header.ts";
import type { WireHeaders } from "../wire.ts";

/** Sources: https://platform.claude.com/docs/en/api/overview, and the SDK's, read 2026-11-28. */
export const anthropicHeaders: WireHeaders = {
  key: ["x-api-key"],
  typical: ["anthropic-version"],
  forwarded: new Set([
    "anthropic-version",
    "anthropic-beta",
    "anthropic-dangerous-direct-browser-access",
    "x-app",
  ]),
  account: accountHeaders,
  setKey(headers, apiKey) {
    headers["x-api-key"] = apiKey;
  },
};
