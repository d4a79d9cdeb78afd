/** Finds usage, model, tier and billed tool calls in an answer object: a whole body, or the `response` of a stream's event. */

import { bodyScanner, type ScannedBody } from "../body/index.ts";
import type { UsagePart } from "../../domain/usage/usage.ts";
import type { AnswerRecord, BilledTool, ToolCounts } from "./record.ts";
import { behindColon, endOfValue } from "./delta.ts";
import type { Generated } from "./generated.ts";
import { readUsage } from "./usage.ts";

const nested = ["usage", "x_groq", "tool_usage", "tool_usage.web_search"];
export const scanAnswer = bodyScanner({ nested: ["response", ...nested, ...nested.map((name) => `response.${name}`)] });

const usageKey = Buffer.from('"usage"');

/** Items of a Responses output that are billed by the call, and their meters. */
const billedItems: ReadonlyMap<string, BilledTool> = new Map([
  ["web_search_call", "web_search"],
  ["file_search_call", "file_search"],
  ["code_interpreter_call", "code_execution"],
]);

/**
 * @param at Where the answer object stands: at the top (`""`), or in `response.`.
 * @throws PurserError `invalid_request` when a field that is read has another type.
 */
export function takeAnswer(
  body: ScannedBody,
  record: AnswerRecord,
  at: { readonly prefix: "" | "response."; readonly generated?: Generated },
): void {
  record.nameModel(body.string(`${at.prefix}model`));
  record.nameTier(body.string(`${at.prefix}service_tier`));
  const usage = usageBytes(body, at.prefix);
  if (!usage) return;
  record.takeUsage(usage, at.generated);
  if (body.kind(`${at.prefix}output`) === "array") record.countTools(countItems(body, at.prefix));
  takeToolUsage(body, record, at.prefix);
}

function usageBytes(body: ScannedBody, prefix: string): Buffer | undefined {
  for (const path of [`${prefix}usage`, `${prefix}x_groq.usage`]) {
    if (path.includes("x_groq") && body.kind(`${prefix}x_groq`) !== "object") continue;
    const field = body.field(path);
    if (field && body.kind(path) === "object") return body.bytes.subarray(field.start, field.end);
  }
  // Some servers put it on a choice.
  return prefix === "" ? lastUsage(body.bytes) : undefined;
}

/** The last usage that is not null, found without looking at the rest. */
export function lastUsage(payload: Buffer): Buffer | undefined {
  let found: Buffer | undefined;
  let at = payload.indexOf(usageKey);
  while (at >= 0) {
    const value = behindColon(payload, at + usageKey.length);
    let end = at + usageKey.length;
    if (value >= 0 && payload[value] === 0x7b) {
      end = endOfValue(payload, value);
      found = payload.subarray(value, end);
    }
    at = payload.indexOf(usageKey, end);
  }
  return found;
}

/** Calls that were completed, page opens of a search included: each is an item of its own, and each is billed. */
function countItems(body: ScannedBody, prefix: string): ToolCounts {
  if (![...billedItems.keys()].some((type) => body.valueCount("type", type) > 0)) return {};
  const counts: Partial<Record<BilledTool, number>> = {};
  for (const item of body.json(`${prefix}output`) as readonly unknown[]) {
    const { type, status } = (item ?? {}) as { readonly type?: unknown; readonly status?: unknown };
    const meter = typeof type === "string" ? billedItems.get(type) : undefined;
    if (meter && (status === undefined || status === "completed")) counts[meter] = (counts[meter] ?? 0) + 1;
  }
  return counts;
}

/** OpenAI's own count of searches, where it gives one, and the tokens of the image tool, which another model spends. */
function takeToolUsage(body: ScannedBody, record: AnswerRecord, prefix: string): void {
  const path = `${prefix}tool_usage`;
  if (body.kind(path) !== "object") return;
  if (body.kind(`${path}.web_search`) === "object") {
    const searches = body.integer(`${path}.web_search.num_requests`);
    if (searches !== undefined && searches > 0) record.countTools({ web_search: searches });
  }
  const field = body.field(`${path}.image_gen`);
  if (!field || body.kind(`${path}.image_gen`) !== "object") return;
  const { usage } = readUsage(body.bytes.subarray(field.start, field.end), true);
  if (usage && Object.values(usage).some((count) => count > 0)) record.addParts([imagePart(body, prefix, usage)]);
}

function imagePart(body: ScannedBody, prefix: string, usage: UsagePart["usage"]): UsagePart {
  const tools = body.kind(`${prefix}tools`) === "array" ? (body.json(`${prefix}tools`) as readonly unknown[]) : [];
  const tool = tools.map((entry) => (entry ?? {}) as { type?: unknown; model?: unknown }).find(({ type }) => type === "image_generation");
  return { model: typeof tool?.model === "string" ? tool.model : "gpt-image-1", usage };
}
