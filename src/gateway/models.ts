/** Serves the list of models, paginated, and single models, in the format of the caller's API. */

import type { ServerResponse } from "node:http";
import type { Wires } from "../app/route/target.ts";
import { PurserError } from "../domain/error.ts";
import { didYouMean } from "../domain/price/similar-models.ts";
import type { ListedModel, Paging, WireFormat } from "../wire/wire.ts";

/** A request for the list, or for the model with that name. */
export interface ModelsRequest {
  readonly wire: WireFormat;
  readonly id: string | null;
  readonly query: URLSearchParams;
}

interface AnsweredRequest extends ModelsRequest {
  /** The names that the caller may have meant. */
  readonly similar: (model: string) => readonly string[];
}

/**
 * @param path Including the query.
 * @param dialect The format indicated by the caller's headers; several formats share a version.
 * @returns undefined for any other path.
 */
export function readModelsRequest(
  wires: Wires,
  path: string,
  dialect: WireFormat | undefined,
): ModelsRequest | undefined {
  const [place = "", query] = path.split("?", 2);
  const [, version = "", name] = /^\/([a-z0-9]+)\/models(?:\/(.+))?$/.exec(place) ?? [];
  const spoken = wires.filter(({ paths }) => paths.versions.includes(version));
  const wire = dialect && spoken.includes(dialect) ? dialect : spoken[0];
  if (!wire) return undefined;
  const id = name === undefined ? null : decode(name);
  if (id === undefined) return undefined;
  return {
    wire,
    id,
    query: new URLSearchParams(query),
  };
}

/** @returns undefined for a name that is not valid percent-encoding. */
function decode(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/**
 * @param models The models that the caller may call in this format.
 * @throws PurserError `not_found` for any other model, `invalid_request` for an invalid page.
 */
export function answerModels(
  response: ServerResponse,
  models: readonly ListedModel[],
  { wire, id, query, similar }: AnsweredRequest,
): void {
  const body = id === null ? page(models, query, wire) : wire.models.one(find(models, id, similar));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/**
 * Finds a model by its name in the list or its own name, both of which can be called. The result
 * shows the requested name.
 */
function find(
  models: readonly ListedModel[],
  id: string,
  similar: AnsweredRequest["similar"],
): ListedModel {
  const found = models.find((model) => model.id === id) ?? models.find(({ model }) => model === id);
  if (found) return { ...found, id };
  throw new PurserError(
    "not_found",
    `model: "${id.slice(0, 100)}" is unknown, or not available to this key in this format`,
    {
      field: "model",
      remedy: `${didYouMean(similar(id))}Leave out the name to list all models.`,
    },
  );
}

function page(models: readonly ListedModel[], query: URLSearchParams, wire: WireFormat): object {
  const { paging } = wire.models;
  const { data, hasMore } = pageOf(models, query, paging);
  return wire.models.page(data, { hasMore, isLimited: query.has(paging.limit) });
}

interface Page {
  readonly data: readonly ListedModel[];
  readonly hasMore: boolean;
}

/**
 * The models next to a cursor, in list order.
 *
 * @throws PurserError `invalid_request` naming the parameter.
 */
function pageOf(models: readonly ListedModel[], query: URLSearchParams, paging: Paging): Page {
  const { after, before } = paging;
  const size = sizeOf(query, paging);
  const end = before !== undefined && query.has(before) ? placeOf(models, query, before) : null;
  if (end !== null) {
    const start = Math.max(0, end - size);
    return { data: models.slice(start, end), hasMore: start > 0 };
  }
  // Clients send an empty cursor for the first page.
  const start = query.get(after) ? placeOf(models, query, after) + 1 : 0;
  return { data: models.slice(start, start + size), hasMore: start + size < models.length };
}

function sizeOf(query: URLSearchParams, { limit, most, usual, zeroIsUsual }: Paging): number {
  const text = query.get(limit) ?? query.get("page_size");
  if (text === null || (zeroIsUsual && text === "0")) return usual;
  const size = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (size > 0) return Math.min(size, most);
  throw new PurserError(
    "invalid_request",
    `${limit}: "${text.slice(0, 20)}" is not a valid page size`,
    {
      field: limit,
      remedy: `Give a whole number from 1, or leave it out.`,
    },
  );
}

function placeOf(models: readonly ListedModel[], query: URLSearchParams, cursor: string): number {
  const id = query.get(cursor) ?? "";
  const place = models.findIndex((model) => model.id === id);
  if (place >= 0) return place;
  throw new PurserError("invalid_request", `${cursor}: unknown model "${id.slice(0, 100)}"`, {
    field: cursor,
    remedy: "Give the id of a model from the last page.",
  });
}
