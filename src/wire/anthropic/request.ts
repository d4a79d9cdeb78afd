/** Reads the facts of a Messages request, and edits its output limit. */

import { PurserError } from "../../domain/error.ts";
import { checkedModelName } from "../../domain/input/model-name.ts";
import type { FeeMeter } from "../../domain/usage/usage.ts";
import { editBody, type FieldEdit } from "../body/edit.ts";
import { bodyScanner, type ScannedBody } from "../body/scan.ts";
import { toObjects } from "../count/count.ts";
import { referenceKeys, storedUse } from "./stored.ts";
import type { MediaCounts, ReadRequest, RequestFacts } from "../wire.ts";
import { mostFallbacks, readOtherModels } from "./other-models.ts";
import { askedTier, regionOf } from "./terms.ts";

const scan = bodyScanner({
  nested: ["thinking", "output_config"],
  keys: ["cache_control", "caching", ...referenceKeys],
  values: ["ttl"],
});

/**
 * Searches to hold for a web search tool without `max_uses`: twice the passes of Anthropic's own
 * server tool loop.
 */
const searchesUnbounded = 20;

/** Overhead of a conversation. */
const delimiters = 16;
/**
 * Any tool adds instructions of 264 to 804 tokens
 * (https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview, read 2026-11).
 */
const toolInstructions = 1000;

const searchFees: readonly FeeMeter[] = ["web_search"];

/**
 * Models that think by default (https://platform.claude.com/docs/en/build-with-claude/thinking,
 * read 2026-11).
 */
const thinksByDefault = /claude-(?:fable|mythos|opus|sonnet|haiku)-(?:[5-9]|\d\d)(?!\d)/;

/** @throws PurserError `invalid_request` as documented in WireFormat. */
export function readAnthropicRequest(bytes: Uint8Array): ReadRequest {
  const body = scan(bytes);
  const facts = readFacts(body);
  return {
    facts,
    stored: storedUse(body),
    edit({ model, maxOutputTokens }) {
      const edits: FieldEdit[] = [];
      if (model !== undefined) edits.push({ path: "model", json: JSON.stringify(model) });
      if (maxOutputTokens !== undefined)
        edits.push({ path: "max_tokens", json: String(maxOutputTokens) });
      return edits.length === 0 ? bytes : editBody(body, edits);
    },
  };
}

function readFacts(body: ScannedBody): RequestFacts {
  const model = readModel(body);
  const thinking = readThinking(body, model);
  const fallback = readFallbackCeiling(body);
  const ceiling = body.integer("max_tokens");
  const region = regionOf(body.string("inference_geo"));
  const input = {
    textBytes: body.textBytes,
    addedTokens: body.has("tools") ? toolInstructions : delimiters,
    media: readMedia(body),
    storedContext:
      body.has("container") || (body.has("thread") && body.keyCount("previous_message_id") > 0),
  };
  const otherModels = readOtherModels(body, input);
  return {
    ...input,
    model,
    stream: body.boolean("stream") ?? false,
    maxOutputTokens: ceiling === undefined ? null : Math.max(ceiling, fallback),
    choices: 1,
    leastOutputTokens: thinking.least,
    uncuttable: fallback > 0 || wantsSchema(body),
    hiddenOutput: thinking.hidden,
    cacheWrite: readCacheWrite(body),
    serviceTier: askedTier({ speed: body.string("speed"), tier: body.string("service_tier") }),
    ...(region !== undefined && { region }),
    serverToolCalls: readSearches(body),
    fees: searchFees,
    ...(otherModels.length > 0 && { otherModels }),
    usageAsked: true,
  };
}

function readModel(body: ScannedBody): string {
  const model = body.string("model");
  if (model !== undefined && model !== "") return checkedModelName(model);
  throw new PurserError("invalid_request", "model is missing", {
    field: "model",
    remedy: "Name the model to call.",
  });
}

/**
 * Thinking is streamed as summaries or not at all, but billed in full. A thinking budget must be
 * below `max_tokens`.
 */
function readThinking(
  body: ScannedBody,
  model: string,
): { readonly hidden: boolean; readonly least: number } {
  const type = body.string("thinking.type");
  const budget = type === "enabled" ? (body.integer("thinking.budget_tokens") ?? 0) : 0;
  const asked = type !== undefined || body.has("output_config.effort");
  return {
    hidden: type !== "disabled" && (asked || thinksByDefault.test(model)),
    least: budget + 1,
  };
}

function wantsSchema(body: ScannedBody): boolean {
  return body.has("output_config.format") || body.has("output_format");
}

/**
 * A fallback model may have its own limit, which `max_tokens` does not lower: such a request is
 * held in full and never reduced.
 */
function readFallbackCeiling(body: ScannedBody): number {
  const fallbacks = toObjects(body.list("fallbacks", mostFallbacks));
  const ceilings = fallbacks.map((fallback) => fallback["max_tokens"]);
  return Math.max(
    0,
    ...ceilings
      .filter((ceiling) => typeof ceiling === "number" && Number.isSafeInteger(ceiling))
      .map(Number),
  );
}

/**
 * An image or document given as base64, URL or uploaded file has a `source` of that type in
 * addition to its own type. A text document does not, and is counted as text.
 */
function readMedia(body: ScannedBody): MediaCounts {
  const count = (type: string): number => body.valueCount("type", type);
  const images = count("image");
  const documents = Math.max(0, count("base64") + count("url") + count("file") - images);
  return {
    images,
    audios: 0,
    files: Math.min(count("document"), documents) + count("container_upload"),
  };
}

function readCacheWrite(body: ScannedBody): RequestFacts["cacheWrite"] {
  if (body.keyCount("cache_control") + body.keyCount("caching") === 0) return "none";
  return body.valueCount("ttl", "1h") > 0 ? "1h" : "5m";
}

/**
 * Web fetch costs only its tokens, and code execution is billed by the hour: neither is counted.
 */
function readSearches(body: ScannedBody): number {
  const offered = [...body.values("type").keys()].some(isSearchTool);
  if (!offered) return 0;
  return toObjects(body.json("tools"))
    .filter((tool) => isSearchTool(tool["type"]))
    .reduce((sum, tool) => sum + usesOf(tool["max_uses"]), 0);
}

function isSearchTool(type: unknown): boolean {
  return typeof type === "string" && /^web_search_\d{8}$/.test(type);
}

function usesOf(uses: unknown): number {
  return typeof uses === "number" && Number.isInteger(uses) && uses >= 0
    ? Math.min(uses, 1000)
    : searchesUnbounded;
}
