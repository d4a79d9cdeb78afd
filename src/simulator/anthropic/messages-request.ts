/** Reads a request for a message. */

import { PurserError } from "../../domain/error.ts";
import type { Ask, OfferedTool } from "../call.ts";
import { inputTokens, lastUserText, measure } from "../ask/input.ts";
import {
  isObject,
  listField,
  listOf,
  textField,
  wholeField,
  type JsonObject,
} from "../ask/json.ts";
import { cacheAsk } from "./cache-control.ts";

/** @throws PurserError `invalid_request`: this wire has no default. */
export function requiredMaxTokens(body: JsonObject): number {
  const most = wholeField(body, "max_tokens", 1);
  if (most !== null) return most;
  throw new PurserError("invalid_request", "max_tokens: Field required", {
    field: "max_tokens",
    remedy: "Send max_tokens as a whole number.",
  });
}

export function readMessages(body: JsonObject, maxTokens: number | null): Ask {
  const list = listField(body, "messages");
  const size = measure(list);
  measure(body["system"], size);
  if (body["tools"] !== undefined) measure(JSON.stringify(body["tools"]), size);
  const tools = offeredTools(body);
  return {
    model: textField(body, "model"),
    stream: body["stream"] === true,
    inputTokens: inputTokens(size, list.length) + 3,
    lastText: lastUserText(list),
    maxTokens,
    choices: 1,
    tools,
    tool: toolToCall(body, tools, endsWithResult(list)),
    schema: schemaOf(body),
    thinks: thinks(body["thinking"], maxTokens),
    usageAsked: true,
    cache: cacheAsk(body),
    tag: tagOf(body["metadata"]),
  };
}

/** Anthropic's `user_id`, or the caller's own `purser_call` next to it. */
function tagOf(metadata: unknown): string | null {
  if (!isObject(metadata)) return null;
  const tag = metadata["purser_call"] ?? metadata["user_id"];
  return typeof tag === "string" ? tag : null;
}

const leastThinking = 1024;

/** The provider's own rule: a thinking budget is at least 1,024 tokens and below `max_tokens`. */
function thinks(thinking: unknown, maxTokens: number | null): boolean {
  if (!isObject(thinking)) return false;
  if (thinking["type"] === "adaptive") return true;
  if (thinking["type"] !== "enabled") return false;
  const budget = wholeField(thinking, "budget_tokens", leastThinking) ?? 0;
  if (budget >= leastThinking && (maxTokens === null || budget < maxTokens)) return true;
  throw new PurserError(
    "invalid_request",
    "`max_tokens` must be greater than `thinking.budget_tokens`",
    {
      field: "max_tokens",
      remedy: "Set max_tokens above the thinking budget, which is at least 1,024 tokens.",
    },
  );
}

/** Structured output, as `output_config.format` or the older `output_format`. */
function schemaOf(body: JsonObject): unknown {
  const format = isObject(body["output_config"])
    ? body["output_config"]["format"]
    : body["output_format"];
  return isObject(format) && format["type"] === "json_schema" ? format["schema"] : null;
}

function offeredTools(body: JsonObject): readonly OfferedTool[] {
  const tools: OfferedTool[] = [];
  for (const tool of listOf(body["tools"])) {
    if (!isObject(tool) || typeof tool["name"] !== "string" || tool["input_schema"] === undefined)
      continue;
    tools.push({ name: tool["name"], schema: tool["input_schema"] });
  }
  return tools;
}

function toolToCall(
  body: JsonObject,
  tools: readonly OfferedTool[],
  afterResult: boolean,
): OfferedTool | null {
  const choice = isObject(body["tool_choice"]) ? body["tool_choice"] : {};
  const first = tools[0] ?? null;
  if (choice["type"] === "none") return null;
  if (choice["type"] === "any") return first;
  if (choice["type"] === "tool") return tools.find((tool) => tool.name === choice["name"]) ?? first;
  return afterResult ? null : first;
}

function endsWithResult(list: readonly unknown[]): boolean {
  const last = list.at(-1);
  return (
    isObject(last) &&
    listOf(last["content"]).some((part) => isObject(part) && part["type"] === "tool_result")
  );
}
