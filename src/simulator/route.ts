/** Maps a request path to its endpoint and provider dialect. */

import { countTokens as countMessages, messages } from "./anthropic/messages.ts";
import type { Format, Route, SimulatedProvider, SimulatedWire } from "./call.ts";
import { batchEmbed, embed } from "./gemini/embed.ts";
import { countTokens as countContents, generate } from "./gemini/generate.ts";
import { chat } from "./openai/chat.ts";
import { completions } from "./openai/completions.ts";
import { embeddings } from "./openai/embeddings.ts";
import { responses } from "./openai/responses.ts";

const openaiPaths: Readonly<Record<string, Format>> = {
  "chat/completions": chat,
  completions,
  responses,
  embeddings,
};
const anthropicPaths: Readonly<Record<string, Format>> = {
  messages,
  "messages/count_tokens": countMessages,
};

/** Every path whose model is in the body. A bare `/v1/…` belongs to the wire that has that path. */
const posts: ReadonlyMap<
  string,
  { readonly provider: SimulatedProvider; readonly format: Format }
> = new Map([
  ...(["openai", "deepseek", "xai", "openrouter"] as const).flatMap((provider) =>
    paths(`/${provider}/v1/`, provider, openaiPaths),
  ),
  ...paths("/anthropic/v1/", "anthropic", anthropicPaths),
  ...paths("/v1/", "openai", openaiPaths),
  ...paths("/v1/", "anthropic", anthropicPaths),
]);

function paths(
  prefix: string,
  provider: SimulatedProvider,
  formats: Readonly<Record<string, Format>>,
) {
  return Object.entries(formats).map(
    ([path, format]) => [prefix + path, { provider, format }] as const,
  );
}

const geminiFormats: ReadonlyMap<string, Format> = new Map([
  ["generateContent", generate],
  ["streamGenerateContent", generate],
  ["countTokens", countContents],
  ["embedContent", embed],
  ["batchEmbedContents", batchEmbed],
]);

const geminiPath = /^(?:\/gemini)?\/v1(?:beta)?\/models\/([^/:]+):([A-Za-z]+)$/;
const modelsPath =
  /^(?:\/(openai|deepseek|xai|openrouter|anthropic|gemini))?\/v1(beta)?\/models(?:\/([^:]+))?$/;
const prefixPattern = /^\/(openai|deepseek|xai|openrouter|anthropic|gemini)\//;

/** @param url Path and query, as in the request line. @returns Null for an unknown path. */
export function routePost(url: string): Route | null {
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? "" : url.slice(mark + 1);
  const known = posts.get(path);
  if (known) return { ...known, model: null, stream: false, query };

  const [, model, method = ""] = geminiPath.exec(path) ?? [];
  const format = geminiFormats.get(method);
  if (model === undefined || !format) return null;
  return {
    provider: "gemini",
    format,
    model: decodeURIComponent(model),
    stream: method === "streamGenerateContent",
    query,
  };
}

/** A request for the list of models, or for one model. */
export interface ModelsRoute {
  readonly provider: SimulatedProvider;
  readonly model: string | null;
}

/**
 * @param anthropic Whether the request has `anthropic-version`: a bare `/v1/models` exists in both
 *   formats.
 */
export function routeModels(url: string, anthropic: boolean): ModelsRoute | null {
  const found = modelsPath.exec(url.split("?", 1)[0] ?? "");
  if (!found) return null;
  const [, named, beta, model] = found;
  const bare = beta ? "gemini" : anthropic ? "anthropic" : "openai";
  return {
    provider: (named as SimulatedProvider | undefined) ?? bare,
    model: model === undefined ? null : decodeURIComponent(model),
  };
}

/** The wire format for the error of an unknown path. */
export function wireOfPath(url: string): SimulatedWire {
  const named = prefixPattern.exec(url)?.[1] ?? "";
  if (named === "anthropic" || url.startsWith("/v1/messages")) return "anthropic";
  return named === "gemini" || url.startsWith("/v1beta/") ? "gemini" : "openai";
}
