/** The list of models in the shape of OpenAI's API. */

import type { ListedModel, ModelList } from "../wire.ts";

/** Source: https://platform.openai.com/docs/api-reference/models, read 2026-11. */
export const openaiModels: ModelList = {
  path: "/models",
  requestHeaders: {},
  paging: { limit: "limit", after: "after", most: Infinity, usual: Infinity, zeroIsUsual: false },
  one,
  page: (models, { hasMore, isLimited }) => ({
    object: "list",
    data: models.map(one),
    ...(isLimited && { has_more: hasMore }),
  }),
};

function one({ id, ownedBy }: ListedModel): object {
  return { id, object: "model", created: 0, owned_by: ownedBy };
}
