/** The list of models in the shape of Anthropic's API. */

import type { ListedModel, ModelList } from "../wire.ts";

/**
 * Source: docs of the Models API (https://docs.anthropic.com/en/api/models-list), and `ModelInfo`
 * of @anthropic-ai/sdk 1.12, read 2026-11.
 */
export const anthropicModels: ModelList = {
  path: "/v1/models",
  requestHeaders: { "anthropic-version": "2023-06-01" },
  paging: {
    limit: "limit",
    after: "after_id",
    before: "before_id",
    most: 1000,
    usual: 20,
    zeroIsUsual: false,
  },
  one,
  page: (models, { hasMore }) => ({
    data: models.map(one),
    has_more: hasMore,
    first_id: models.at(0)?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  }),
};

/** Unknown values are null, as there. */
function one({ id, model, contextWindow, maxOutputTokens }: ListedModel): object {
  return {
    type: "model",
    id,
    display_name: model,
    created_at: "1970-01-01T00:00:00Z",
    max_input_tokens: contextWindow,
    max_tokens: maxOutputTokens,
    capabilities: null,
    lifecycle: "active",
    deprecated_at: null,
    retires_at: null,
    line: null,
  };
}
