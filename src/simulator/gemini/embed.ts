/** The endpoints `/v1beta/models/{model}:embedContent` and `:batchEmbedContents`. */

import type { Ask, Format, Plan, Route } from "../call.ts";
import { vectorOf } from "../answer/vector.ts";
import { measure, inputTokens } from "../ask/input.ts";
import {
  isObject,
  listField,
  listOf,
  textField,
  wholeField,
  type JsonObject,
} from "../ask/json.ts";
import { PurserError } from "../../domain/error.ts";
import { plainAsk } from "../ask/plain.ts";

const defaultDimensions = 256;

interface Text {
  readonly text: string;
  readonly dimensions: number;
}

interface EmbedAsk extends Ask {
  readonly texts: readonly Text[];
}

const common = {
  wire: "gemini",
  endpoint: "embeddings",
  billed: true,
  idPrefix: () => "emb-sim-",
} as const;

export const embed: Format = {
  ...common,
  read: (body, route) => askOf([body], route),
  answer: (plan) => `{"embedding":${embeddings(plan)[0] ?? "{}"}${usageField(plan)}}`,
};

export const batchEmbed: Format = {
  ...common,
  read: (body, route) => askOf(listField(body, "requests"), route),
  answer: (plan) => `{"embeddings":[${embeddings(plan).join(",")}]${usageField(plan)}}`,
};

function askOf(requests: readonly unknown[], route: Route): EmbedAsk {
  const read = requests.map(readRequest);
  return {
    ...plainAsk,
    model: route.model ?? textField({}, "model"),
    stream: false,
    inputTokens: read.reduce((sum, { tokens }) => sum + tokens, 0),
    lastText: read.at(-1)?.text ?? "",
    maxTokens: 0,
    texts: read,
  };
}

function readRequest(request: unknown): Text & { readonly tokens: number } {
  const fields: JsonObject = isObject(request) ? request : {};
  const { content } = fields;
  if (!isObject(content)) throw noContent();
  const text = listOf(content["parts"])
    .map((part) => (isObject(part) && typeof part["text"] === "string" ? part["text"] : ""))
    .join("\n");
  const dimensions =
    wholeField(fields, "outputDimensionality", 1) ?? wholeField(fields, "output_dimensionality", 1);
  return {
    text,
    dimensions: dimensions ?? defaultDimensions,
    tokens: Math.max(1, inputTokens(measure(content), 0)),
  };
}

function noContent(): PurserError {
  return new PurserError("invalid_request", "content is missing", {
    field: "content",
    remedy: 'Send { "content": { "parts": [{ "text": ... }] } }.',
  });
}

function embeddings(plan: Plan): readonly string[] {
  const { texts } = plan.ask as EmbedAsk;
  return texts.map(
    ({ text, dimensions }) => `{"values":${JSON.stringify([...vectorOf(text, dimensions)])}}`,
  );
}

function usageField({ claimed }: Plan): string {
  if (!claimed) return "";
  const tokens = claimed.input + claimed.cache_read;
  return `,"usageMetadata":{"promptTokenCount":${tokens},"totalTokenCount":${tokens}}`;
}
