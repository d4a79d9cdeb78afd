/** Tools that run at the provider and are billed by the call: xAI's own count of them. */

import { toObject } from "../count/count.ts";

/** Meters that count tool calls which the provider ran. */
export type BilledTool = "web_search" | "file_search" | "code_execution";

export type ToolCounts = Readonly<Partial<Record<BilledTool, number>>>;

/** More is a mistake, not a bill. */
const largestCount = 1_000_000_000;

/**
 * xAI's counts and their meters. A search of X costs the same as a web search; MCP calls are free
 * (https://docs.x.ai/developers/pricing, read 2026-11).
 */
const xaiMeters: ReadonlyMap<string, BilledTool> = new Map([
  ["web_search_calls", "web_search"],
  ["x_search_calls", "web_search"],
  ["document_search_calls", "web_search"],
  ["file_search_calls", "file_search"],
  ["collections_search_calls", "file_search"],
  ["code_interpreter_calls", "code_execution"],
  ["code_execution_calls", "code_execution"],
]);

/** @returns Every meter, including zeros; undefined if the usage object does not count tools. */
export function readServerTools(usage: unknown): ToolCounts | undefined {
  const details = toObject(toObject(usage)?.["server_side_tool_usage_details"]);
  if (!details) return undefined;
  const counts = { web_search: 0, file_search: 0, code_execution: 0 };
  for (const [name, meter] of xaiMeters) {
    const count = details[name];
    if (typeof count === "number" && Number.isInteger(count) && count > 0 && count <= largestCount)
      counts[meter] += count;
  }
  return counts;
}
