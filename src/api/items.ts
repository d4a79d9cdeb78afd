/** Serves `/api/v1/items`: a price list of one's own, for costs other than model calls. */

import {
  listItems,
  pricesOfItem,
  putItem,
  removeItem,
  type ItemPrice,
} from "../app/manage/manage-items.ts";
import {
  itemInput,
  itemListSchema,
  itemParams,
  itemSchema,
  type ItemJson,
} from "../contract/charge.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { formatUsd } from "../domain/money/money.ts";
import { itemProviders } from "../domain/price/text/item.ts";
import { adminOnly, answer, anyKey, ok, problem, route, type Route } from "./route.ts";

export const itemRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/items",
    access: anyKey,
    tag: "charges",
    summary: "List the items with a price of your own",
    responses: { 200: answer("The items.", itemListSchema) },
    handler({ context }) {
      const items = Map.groupBy(listItems(context), ({ itemId }) => itemId);
      return ok({ data: [...items].map(([id, prices]) => itemJson(id, prices)) });
    },
  }),
  route({
    method: "get",
    path: "/api/v1/items/{item_id}",
    access: anyKey,
    tag: "charges",
    summary: "Get an item with its prices",
    params: itemParams,
    responses: { 200: answer("The item.", itemSchema), 404: problem("No such item.") },
    handler: ({ params: { item_id }, context }) =>
      ok(itemJson(item_id, pricesOfItem(context, item_id))),
  }),
  route({
    method: "put",
    path: "/api/v1/items/{item_id}",
    access: adminOnly,
    tag: "charges",
    summary: "Set the price of an item",
    description:
      "It applies from its `valid_from` on; without one, from now on. Charges never change.",
    params: itemParams,
    body: itemInput,
    responses: {
      200: answer("Set.", itemSchema),
      400: problem("A field is invalid."),
      409: problem("The item is of another kind."),
    },
    async handler({ params: { item_id }, body, context }) {
      if (body.item_id !== undefined && body.item_id !== item_id)
        throw new PurserError("invalid_request", "item_id differs from the path", {
          field: "item_id",
          remedy: "Leave it out.",
        });
      return ok(itemJson(item_id, await putItem(context, { ...body, item_id })));
    },
  }),
  route({
    method: "delete",
    path: "/api/v1/items/{item_id}",
    access: adminOnly,
    tag: "charges",
    summary: "Remove an item; its charges stay",
    params: itemParams,
    responses: {
      200: answer("Removed: its prices have ended.", itemSchema),
      404: problem("No such item."),
      409: problem("The item is in the configuration."),
    },
    handler: async ({ params: { item_id }, context }) =>
      ok(itemJson(item_id, await removeItem(context, item_id))),
  }),
];

function itemJson(itemId: string, prices: readonly ItemPrice[]): ItemJson {
  const kind = prices.at(-1)?.kind ?? "other";
  return {
    item_id: itemId,
    provider: itemProviders[kind],
    prices: prices.map((price) => ({
      kind: price.kind,
      unit: price.unit,
      price_usd: formatUsd(price.price),
      valid_from: price.validFrom ?? (price.setAt === null ? null : formatInstant(price.setAt)),
      valid_to: price.validTo,
      source: price.source,
      price_id: price.priceId,
    })),
  };
}
