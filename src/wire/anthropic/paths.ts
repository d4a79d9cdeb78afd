/** Paths of Anthropic's API, for choosing the format and for suggestions. */

import type { WirePaths } from "../wire.ts";

export const anthropicPaths: WirePaths = {
  versions: ["v1"],
  isVersionInBase: false,
  own: /^\/v1\/(?:messages|complete(?:\?|$))/,
  usual: ["messages", "messages/count_tokens", "messages/batches", "models"],
  actions: [],
  call: ({ endpoint }) =>
    endpoint === "count_tokens" ? "/v1/messages/count_tokens" : "/v1/messages",
};
