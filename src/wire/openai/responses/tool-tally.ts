/** Counts the tool calls of a Responses output by the unit in which each is billed. */

import { toObject, toText } from "../../count/count.ts";
import type { BilledTool, ToolCounts } from "../server-tools.ts";

/** Types of output items whose tool may have run at the provider. */
export const serverTypes = [
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "shell_call",
  "mcp_call",
  "image_generation_call",
] as const;

/**
 * Each item counts once, however often it is reported. OpenAI bills the search actions of a web
 * search call, not the pages that it opens or searches
 * (https://developers.openai.com/api/docs/guides/tools-web-search), file searches by the call, and
 * the containers in which code and hosted shells run
 * (https://developers.openai.com/api/docs/pricing); read 2026-11.
 */
export class ToolTally {
  /** By the item's id: its tool, and the billed unit, which items may share; null if not billed. */
  readonly #units = new Map<string, { readonly tool: BilledTool; readonly unit: string | null }>();
  readonly #calls = new Set<string>();

  /**
   * Takes an output item. If it is not billed or has failed, an earlier count of its id is removed.
   */
  take(item: unknown): void {
    const object = toObject(item);
    if (!object) return;
    const id = toText(object["id"]) ?? `#${this.#calls.size}`;
    if (ranAtProvider(object)) this.#calls.add(id);
    const tool = toolOf(object);
    if (tool)
      this.#units.set(id, { tool, unit: isBilled(object) ? (containerOf(object) ?? id) : null });
  }

  /** Takes a call whose end was the only event reported. */
  takeEnd(id: string, tool: BilledTool): void {
    this.#calls.add(id);
    if (!this.#units.has(id)) this.#units.set(id, { tool, unit: id });
  }

  /** All calls that ran at the provider, billed or not. */
  get calls(): number {
    return this.#calls.size;
  }

  /** Zero for a tool without billed calls; undefined if no tool was seen. */
  get counts(): ToolCounts | undefined {
    if (this.#units.size === 0) return undefined;
    const units = new Map<BilledTool, Set<string>>();
    for (const { tool, unit } of this.#units.values()) {
      const billed = units.get(tool) ?? new Set();
      units.set(tool, unit === null ? billed : billed.add(unit));
    }
    return Object.fromEntries([...units].map(([tool, { size }]) => [tool, size]));
  }
}

function ranAtProvider(item: Readonly<Record<string, unknown>>): boolean {
  const type = serverTypes.find((name) => name === item["type"]);
  return type === "shell_call" ? containerOf(item) !== undefined : type !== undefined;
}

function toolOf(item: Readonly<Record<string, unknown>>): BilledTool | null {
  switch (item["type"]) {
    case "web_search_call":
      return "web_search";
    case "file_search_call":
      return "file_search";
    case "code_interpreter_call":
      return "code_execution";
    case "shell_call":
      return containerOf(item) === undefined ? null : "code_execution";
    default:
      return null;
  }
}

function isBilled(item: Readonly<Record<string, unknown>>): boolean {
  const status = item["status"] ?? "completed";
  return status === "completed" && (item["type"] !== "web_search_call" || isSearch(item["action"]));
}

/** Older models and other vendors report no action: they only search. */
function isSearch(action: unknown): boolean {
  const type = toObject(action)?.["type"];
  return type === undefined || type === null || type === "search";
}

function containerOf(item: Readonly<Record<string, unknown>>): string | undefined {
  return toText(item["container_id"]) ?? toText(toObject(item["environment"])?.["container_id"]);
}
