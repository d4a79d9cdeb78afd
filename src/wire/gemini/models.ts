/** The list of models in the shape of Gemini's API, and which models the format can call. */

import type { ListedModel, ModelList } from "../wire.ts";

/**
 * Source: docs of `models.list` (https://ai.google.dev/api/models), read 2026-11: `pageSize`
 * defaults to 50; the maximum is 1000.
 */
export const geminiModels: ModelList = {
  path: "/v1beta/models",
  requestHeaders: {},
  paging: { limit: "pageSize", after: "pageToken", most: 1000, usual: 50, zeroIsUsual: true },
  one,
  page(models, { hasMore }) {
    const next = hasMore ? models.at(-1)?.id : undefined;
    return { models: models.map(one), ...(next !== undefined && { nextPageToken: next }) };
  },
};

function one({ id, model, contextWindow, maxOutputTokens }: ListedModel): object {
  return {
    name: `models/${id}`,
    version: "1",
    displayName: model,
    ...(contextWindow !== null && { inputTokenLimit: contextWindow }),
    ...(maxOutputTokens !== null && { outputTokenLimit: maxOutputTokens }),
    supportedGenerationMethods: /embed/i.test(model)
      ? ["embedContent", "batchEmbedContents"]
      : ["generateContent", "countTokens"],
  };
}

/**
 * Google resells Claude and lists its prices, but serves it in Anthropic's own format, not through
 * `generateContent` (cloud.google.com, "Use Claude models from Anthropic", read 2026-11).
 */
export function canCall(model: string): boolean {
  return !/^(?:anthropic\/)?claude/i.test(model);
}
