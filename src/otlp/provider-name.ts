/** Names the provider of a traced call as Purser does, whatever the library calls it. */

import type { Attributes } from "../app/port/telemetry.ts";
import { textOf } from "./attribute.ts";

const names = [
  "gen_ai.provider.name",
  "gen_ai.system",
  "llm.provider",
  "llm.system",
  "ai.model.provider",
];

/** @returns Null if the span names none. */
export function providerNameOf(attributes: Attributes): string | null {
  const given = textOf(attributes, names);
  if (given === undefined) return null;
  const name = given.toLowerCase().replace(kindOfApi, "");
  return frameworks.has(name) ? null : (common.get(name) ?? name);
}

/** Some instrumentations name themselves, which says nothing about the price. */
const frameworks: ReadonlySet<string> = new Set([
  "_other",
  "crewai",
  "haystack",
  "langchain",
  "langgraph",
  "litellm",
  "llama_index",
  "llamaindex",
  "pydantic_ai",
  "unknown",
  "vercel",
]);

/** Vercel's AI SDK adds the kind of API: `openai.responses`. */
const kindOfApi = /\.(?:chat|responses|messages|completion|embedding|image)$/;

const common: ReadonlyMap<string, string> = new Map([
  ["aws.bedrock", "bedrock"],
  ["aws_bedrock", "bedrock"],
  ["amazon-bedrock", "bedrock"],
  ["bedrock_converse", "bedrock"],
  ["gcp.gemini", "gemini"],
  ["gcp.gen_ai", "gemini"],
  ["google", "gemini"],
  ["google.generative-ai", "gemini"],
  ["google-gla", "gemini"],
  ["google_genai", "gemini"],
  ["gcp.vertex_ai", "vertex"],
  ["google.vertex", "vertex"],
  ["google-vertex", "vertex"],
  ["vertex_ai", "vertex"],
  ["vertexai", "vertex"],
  ["azure.ai.openai", "azure"],
  ["azure.ai.inference", "azure"],
  ["azure-openai", "azure"],
  ["azure_openai", "azure"],
  ["mistral_ai", "mistral"],
  ["mistralai", "mistral"],
  ["moonshot_ai", "moonshotai"],
  ["x_ai", "xai"],
  ["x-ai", "xai"],
]);
