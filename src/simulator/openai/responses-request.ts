/** Reads a request for a response. */

import { PurserError } from "../../domain/error.ts";
import type { Ask } from "../call.ts";
import { inputTokens, lastUserText, measure } from "../ask/input.ts";
import {
  anyObject,
  isObject,
  listOf,
  textField,
  wholeField,
  type JsonObject,
} from "../ask/json.ts";
import { tagOf, thinks } from "./chat-request.ts";
import { offeredTools, toolToCall } from "./tool.ts";

export function readResponses(body: JsonObject): Ask {
  const { input } = body;
  if (typeof input !== "string" && !Array.isArray(input)) {
    throw new PurserError("invalid_request", "input is missing, or is not a string or a list", {
      field: "input",
      remedy: "Send input as a string or a list.",
    });
  }
  const items = listOf(input);
  const size = measure(input);
  measure(body["instructions"], size);
  if (body["tools"] !== undefined) measure(JSON.stringify(body["tools"]), size);
  const tools = offeredTools(body);
  const last = items.at(-1);
  const afterResult = isObject(last) && last["type"] === "function_call_output";
  const { reasoning } = body;
  return {
    model: textField(body, "model"),
    stream: body["stream"] === true,
    inputTokens: inputTokens(size, Math.max(1, items.length)) + 3,
    lastText: typeof input === "string" ? input : lastUserText(items),
    maxTokens: wholeField(body, "max_output_tokens", 1),
    choices: 1,
    tools,
    tool: toolToCall(body, tools, afterResult),
    schema: schemaOf(body["text"]),
    thinks: isObject(reasoning) && thinks(reasoning["effort"]),
    usageAsked: true,
    cache: null,
    tag: tagOf(body),
  };
}

function schemaOf(text: unknown): unknown {
  const format = isObject(text) ? text["format"] : null;
  if (!isObject(format)) return null;
  if (format["type"] === "json_object") return anyObject;
  return format["type"] === "json_schema" ? format["schema"] : null;
}
