/** Reads a request for a chat completion. */

import type { Ask } from "../call.ts";
import { inputTokens, lastUserText, measure } from "../ask/input.ts";
import {
  anyObject,
  isObject,
  listField,
  textField,
  wholeField,
  type JsonObject,
} from "../ask/json.ts";
import { offeredTools, toolToCall } from "./tool.ts";

/** Tokens that start a reply, in addition to the messages. */
const replyTokens = 3;

export function readChat(body: JsonObject): Ask {
  const messages = listField(body, "messages");
  const size = measure(messages);
  if (body["tools"] !== undefined) measure(JSON.stringify(body["tools"]), size);
  const tools = offeredTools(body);
  const last = messages.at(-1);
  const afterResult = isObject(last) && (last["role"] === "tool" || last["role"] === "function");
  return {
    model: textField(body, "model"),
    stream: body["stream"] === true,
    inputTokens: inputTokens(size, messages.length) + replyTokens,
    lastText: lastUserText(messages),
    maxTokens: wholeField(body, "max_completion_tokens", 1) ?? wholeField(body, "max_tokens", 1),
    choices: wholeField(body, "n", 1) ?? 1,
    tools,
    tool: toolToCall(body, tools, afterResult),
    schema: schemaOf(body["response_format"]),
    thinks: thinks(body["reasoning_effort"]),
    usageAsked:
      isObject(body["stream_options"]) && body["stream_options"]["include_usage"] === true,
    cache: null,
    tag: tagOf(body),
  };
}

export function thinks(effort: unknown): boolean {
  return typeof effort === "string" && effort !== "none";
}

/** `metadata.purser_call`, or `user`. */
export function tagOf(body: JsonObject): string | null {
  const call = isObject(body["metadata"]) ? body["metadata"]["purser_call"] : undefined;
  if (typeof call === "string") return call;
  return typeof body["user"] === "string" ? body["user"] : null;
}

function schemaOf(format: unknown): unknown {
  if (!isObject(format)) return null;
  if (format["type"] === "json_object") return anyObject;
  return format["type"] === "json_schema" && isObject(format["json_schema"])
    ? format["json_schema"]["schema"]
    : null;
}
