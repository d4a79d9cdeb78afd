/**
 * Reads the prefix marked by `cache_control`: everything up to the last breakpoint, in the order
 * tools, system, messages.
 */

import { createHash } from "node:crypto";
import type { CacheAsk } from "../call.ts";
import { measure, type InputSize } from "../ask/input.ts";
import { isObject, listOf, type JsonObject } from "../ask/json.ts";

/** @returns Null if the request marks nothing. */
export function cacheAsk(body: JsonObject): CacheAsk | null {
  const blocks = [
    ...listOf(body["tools"]),
    ...listOf(body["system"]),
    ...listOf(body["messages"]).flatMap(contentOf),
  ];
  const last = blocks.findLastIndex((block) => isObject(block) && isObject(block["cache_control"]));
  if (last < 0) return null;

  const marked = blocks[last] as JsonObject;
  const control = marked["cache_control"] as JsonObject;
  const hash = createHash("sha256").update(String(body["model"]));
  const size: InputSize = { bytes: 0, media: 0 };
  for (const block of blocks.slice(0, last + 1)) {
    hash.update(JSON.stringify(block, withoutMark));
    measure(block, size);
  }
  return {
    key: hash.digest("base64"),
    tokens: Math.ceil(size.bytes / 4),
    ttl: control["ttl"] === "1h" ? "1h" : "5m",
  };
}

/** The position of the breakpoint is not part of the prefix. */
function withoutMark(key: string, value: unknown): unknown {
  return key === "cache_control" ? undefined : value;
}

function contentOf(message: unknown): readonly unknown[] {
  if (!isObject(message)) return [];
  return typeof message["content"] === "string" ? [message["content"]] : listOf(message["content"]);
}
