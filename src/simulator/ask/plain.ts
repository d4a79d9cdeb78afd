/** Defaults for requests that only send text: no tools, no schema, no thinking, no cache. */

import type { Ask } from "../call.ts";

export const plainAsk = {
  choices: 1,
  tools: [],
  tool: null,
  schema: null,
  thinks: false,
  usageAsked: true,
  cache: null,
  tag: null,
} as const satisfies Partial<Ask>;
