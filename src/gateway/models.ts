/** Serves the list of models, paginated, and single models, in the format of the caller's API. */

import type { ServerResponse } from "node:http";
import type { Wires } from "../app/route/target.ts";
import type { ServedModel } from "../app/route/served-models.ts";
import { PurserError } from "../domain/error.ts";

/** A request for the list, or for the model with that name. */
export interface ModelsRequest {
  readonly wireName: keyof Wires;
  readonly id: string | null;
  readonly query: URLSearchParams;
}

/**
 * @param path Including the query.
 * @param dialect The format indicated by the caller's headers; several formats share `/v1`.
 * @returns undefined for any other path.
 */
export function readModelsRequest(
  path: string,
  dialect: keyof Wires | undefined,
): ModelsRequest | undefined {
  const [place = "", query] = path.split("?", 2);
  const [, version, name] = /^\/(v1|v1beta|v1alpha)\/models(?:\/(.+))?$/.exec(place) ?? [];
  if (version === undefined) return undefined;
  const id = name === undefined ? null : decode(name);
  if (id === undefined) return undefined;
  return {
    wireName: version === "v1" ? (dialect ?? "openai") : "gemini",
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

interface Shape {
  readonly one: (model: ServedModel) => object;
  /** @throws PurserError `invalid_request` for an invalid page. */
  readonly page: (models: readonly ServedModel[], query: URLSearchParams) => object;
}

/**
 * @param models The models that the caller may call in this format.
 * @throws PurserError `not_found` for any other model, `invalid_request` for an invalid page.
 */
export function answerModels(
  response: ServerResponse,
  models: readonly ServedModel[],
  { wireName, id, query }: ModelsRequest,
): void {
  const shape = shapes[wireName];
  const body = id === null ? shape.page(models, query) : shape.one(find(models, id));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/**
 * Finds a model by its name in the list or its own name, both of which can be called. The result
 * shows the requested name.
 */
function find(models: readonly ServedModel[], id: string): ServedModel {
  const found = models.find((model) => model.id === id) ?? models.find(({ model }) => model === id);
  if (found) return { ...found, id };
  throw new PurserError(
    "not_found",
    `model: "${id.slice(0, 100)}" is unknown, or not available to this key in this format`,
    {
      field: "model",
      remedy: "Leave out the name to list all models.",
    },
  );
}

const openai: Shape = {
  one: ({ id, ownedBy }) => ({ id, object: "model", created: 0, owned_by: ownedBy }),
  page: (models, query) => {
    const { data, hasMore } = pageOf(models, {
      query,
      limit: "limit",
      after: "after",
      most: Infinity,
      usual: Infinity,
    });
    return {
      object: "list",
      data: data.map(openai.one),
      ...(query.has("limit") && { has_more: hasMore }),
    };
  },
};

/**
 * Source: docs of the Models API, and `ModelInfo` of @anthropic-ai/sdk 1.12, read 2026-11. Unknown
 * values are null, as there.
 */
const anthropic: Shape = {
  one: ({ id, model, contextWindow, maxOutputTokens }) => ({
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
  }),
  page: (models, query) => {
    const { data, hasMore } = pageOf(models, {
      query,
      limit: "limit",
      after: "after_id",
      before: "before_id",
      most: 1000,
      usual: 20,
    });
    const page = data.map(anthropic.one);
    return {
      data: page,
      has_more: hasMore,
      first_id: data.at(0)?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    };
  },
};

/** Source: docs of `models.list`, read 2026-11: `pageSize` defaults to 50; the maximum is 1000. */
const gemini: Shape = {
  one: ({ id, model, contextWindow, maxOutputTokens }) => ({
    name: `models/${id}`,
    version: "1",
    displayName: model,
    ...(contextWindow !== null && { inputTokenLimit: contextWindow }),
    ...(maxOutputTokens !== null && { outputTokenLimit: maxOutputTokens }),
    supportedGenerationMethods: isEmbedding(model)
      ? ["embedContent", "batchEmbedContents"]
      : ["generateContent", "countTokens"],
  }),
  page: (models, query) => {
    const { data, hasMore } = pageOf(models, {
      query,
      limit: "pageSize",
      after: "pageToken",
      most: 1000,
      usual: 50,
    });
    const next = hasMore ? data.at(-1)?.id : undefined;
    return { models: data.map(gemini.one), ...(next !== undefined && { nextPageToken: next }) };
  },
};

const shapes: Readonly<Record<keyof Wires, Shape>> = { openai, anthropic, gemini };

function isEmbedding(model: string): boolean {
  return /embed/i.test(model);
}

interface Paging {
  readonly query: URLSearchParams;
  /** Names of the parameters. */
  readonly limit: string;
  readonly after: string;
  readonly before?: string;
  /** Higher values are reduced to it. */
  readonly most: number;
  readonly usual: number;
}

interface Page {
  readonly data: readonly ServedModel[];
  readonly hasMore: boolean;
}

/**
 * The models next to a cursor, in list order.
 *
 * @throws PurserError `invalid_request` naming the parameter.
 */
function pageOf(models: readonly ServedModel[], paging: Paging): Page {
  const { query, after, before } = paging;
  const size = sizeOf(paging);
  const end = before !== undefined && query.has(before) ? placeOf(models, query, before) : null;
  if (end !== null) {
    const start = Math.max(0, end - size);
    return { data: models.slice(start, end), hasMore: start > 0 };
  }
  // Clients send an empty cursor for the first page.
  const start = query.get(after) ? placeOf(models, query, after) + 1 : 0;
  return { data: models.slice(start, start + size), hasMore: start + size < models.length };
}

/** `pageSize=0` means the default in Gemini's API; elsewhere a page has at least one model. */
function sizeOf({ query, limit, most, usual }: Paging): number {
  const text = query.get(limit) ?? query.get("page_size");
  if (text === null || (limit === "pageSize" && text === "0")) return usual;
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

function placeOf(models: readonly ServedModel[], query: URLSearchParams, cursor: string): number {
  const id = query.get(cursor) ?? "";
  const place = models.findIndex((model) => model.id === id);
  if (place >= 0) return place;
  throw new PurserError("invalid_request", `${cursor}: unknown model "${id.slice(0, 100)}"`, {
    field: cursor,
    remedy: "Give the id of a model from the last page.",
  });
}
