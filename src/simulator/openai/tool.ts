/** Reads the tools that a request on the OpenAI wire offers, and whether to call one now. */

import type { OfferedTool } from "../call.ts";
import { isObject, listOf, type JsonObject } from "../ask/json.ts";

/**
 * Chat wraps a function in `function`; Responses does not. Tools that the provider runs itself are
 * left out.
 */
export function offeredTools(body: JsonObject): readonly OfferedTool[] {
  const tools: OfferedTool[] = [];
  for (const tool of listOf(body["tools"])) {
    if (!isObject(tool) || tool["type"] !== "function") continue;
    const described = isObject(tool["function"]) ? tool["function"] : tool;
    if (typeof described["name"] === "string")
      tools.push({
        name: described["name"],
        schema: described["parameters"] ?? { type: "object" },
      });
  }
  return tools;
}

/** The tool to call: as `tool_choice` says, or the first one unless a tool result came last. */
export function toolToCall(
  body: JsonObject,
  tools: readonly OfferedTool[],
  afterResult: boolean,
): OfferedTool | null {
  const choice = body["tool_choice"];
  const first = tools[0] ?? null;
  if (choice === "none") return null;
  if (choice === "required") return first;
  if (isObject(choice)) {
    const named = isObject(choice["function"]) ? choice["function"]["name"] : choice["name"];
    return tools.find((tool) => tool.name === named) ?? first;
  }
  return afterResult ? null : first;
}
