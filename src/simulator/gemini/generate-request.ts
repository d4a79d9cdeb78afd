/** Reads a request to generate content. */

import type { Ask, OfferedTool, Route } from "../call.ts";
import { inputTokens, measure } from "../ask/input.ts";
import {
  anyObject,
  isObject,
  listField,
  listOf,
  textField,
  wholeField,
  type JsonObject,
} from "../ask/json.ts";

/** The API accepts JSON names in camel case and snake case. */
function either(body: JsonObject, camel: string, snake: string): unknown {
  return body[camel] ?? body[snake];
}

export function readGenerate(body: JsonObject, route: Route): Ask {
  const contents = listField(body, "contents");
  const size = measure(contents);
  measure(either(body, "systemInstruction", "system_instruction"), size);
  if (body["tools"] !== undefined) measure(JSON.stringify(body["tools"]), size);
  const config = objectOf(either(body, "generationConfig", "generation_config"));
  const tools = offeredTools(body);
  return {
    model: route.model ?? textField(body, "model"),
    stream: route.stream,
    inputTokens: inputTokens(size, contents.length) + 3,
    lastText: lastText(contents),
    maxTokens:
      wholeField(config, "maxOutputTokens", 1) ?? wholeField(config, "max_output_tokens", 1),
    choices:
      wholeField(config, "candidateCount", 1) ?? wholeField(config, "candidate_count", 1) ?? 1,
    tools,
    tool: toolToCall(body, tools, endsWithResult(contents)),
    schema: schemaOf(config),
    thinks: thinks(objectOf(either(config, "thinkingConfig", "thinking_config"))),
    usageAsked: true,
    cache: null,
    tag: tagOf(body),
  };
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function tagOf(body: JsonObject): string | null {
  const tag = objectOf(body["metadata"])["purser_call"] ?? objectOf(body["labels"])["purser_call"];
  return typeof tag === "string" ? tag : null;
}

function thinks(config: JsonObject): boolean {
  const budget = either(config, "thinkingBudget", "thinking_budget");
  return budget === undefined ? Object.keys(config).length > 0 : budget !== 0;
}

function schemaOf(config: JsonObject): unknown {
  const schema =
    either(config, "responseJsonSchema", "response_json_schema") ??
    either(config, "responseSchema", "response_schema");
  if (schema !== undefined) return schema;
  return either(config, "responseMimeType", "response_mime_type") === "application/json"
    ? anyObject
    : null;
}

function offeredTools(body: JsonObject): readonly OfferedTool[] {
  const tools: OfferedTool[] = [];
  for (const tool of listOf(body["tools"])) {
    for (const declared of listOf(
      either(objectOf(tool), "functionDeclarations", "function_declarations"),
    )) {
      if (!isObject(declared) || typeof declared["name"] !== "string") continue;
      tools.push({
        name: declared["name"],
        schema: either(declared, "parametersJsonSchema", "parameters_json_schema") ??
          declared["parameters"] ?? { type: "object" },
      });
    }
  }
  return tools;
}

function toolToCall(
  body: JsonObject,
  tools: readonly OfferedTool[],
  afterResult: boolean,
): OfferedTool | null {
  const config = objectOf(either(body, "toolConfig", "tool_config"));
  const calling = objectOf(either(config, "functionCallingConfig", "function_calling_config"));
  const [allowed] = listOf(either(calling, "allowedFunctionNames", "allowed_function_names"));
  const first = tools.find((tool) => tool.name === allowed) ?? tools[0] ?? null;
  if (calling["mode"] === "NONE") return null;
  if (calling["mode"] === "ANY") return first;
  return afterResult ? null : first;
}

function partsOf(content: unknown): readonly unknown[] {
  return isObject(content) ? listOf(content["parts"]) : [];
}

function endsWithResult(contents: readonly unknown[]): boolean {
  return partsOf(contents.at(-1)).some(
    (part) => isObject(part) && either(part, "functionResponse", "function_response") !== undefined,
  );
}

function lastText(contents: readonly unknown[]): string {
  for (let index = contents.length - 1; index >= 0; index--) {
    const content = contents[index];
    if (isObject(content) && content["role"] === "model") continue;
    const texts = partsOf(content).filter(
      (part) => isObject(part) && typeof part["text"] === "string",
    );
    if (texts.length > 0) return texts.map((part) => String(objectOf(part)["text"])).join("\n");
  }
  return "";
}
