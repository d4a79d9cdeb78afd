/** Headers of OpenAI's API, and of vendors and clients that use its format. */

import { accountHeaders } from "../account-header.ts";
import type { WireHeaders } from "../wire.ts";

/**
 * Sources: https://platform.openai.com/docs/api-reference/introduction,
 * https://openrouter.ai/docs/app-attribution, https://docs.x.ai/docs/guides/prompt-caching, and the
 * clients' own, read 2026-11-28.
 */
export const openaiHeaders: WireHeaders = {
  // Azure's SDKs use it.
  key: ["api-key"],
  typical: [],
  forwarded: new Set([
    "openai-beta",
    "http-referer",
    "x-title",
    "x-openrouter-title",
    "x-openrouter-categories",
    "x-grok-conv-id",
    "originator",
    "session_id",
    "conversation_id",
    "version",
  ]),
  account: accountHeaders,
  setKey(headers, apiKey) {
    headers["authorization"] = `Bearer ${apiKey}`;
  },
};
