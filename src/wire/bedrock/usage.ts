/** Reads the usage object of Amazon Bedrock's Converse and ConverseStream. */

import type { UsagePart } from "../../domain/usage/usage.ts";
import { CountReader, toObjects, usageOf, type JsonObject } from "../count/count.ts";

export interface ConverseUsage {
  readonly parts: readonly UsagePart[];
  /** Whether a count was impossible; it is then absent. */
  readonly invalid: boolean;
}

/**
 * Reads `usage` of a Converse answer or of the `metadata` event that closes a stream.
 *
 * `inputTokens` excludes tokens read from or written to a cache. The model is null: only the
 * request path contains it. `cacheDetails` splits the writes by lifetime; the rest counts as five
 * minutes (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html,
 * read 2026-11).
 */
export function readConverseUsage(usage: JsonObject): ConverseUsage {
  const counts = new CountReader();
  const writes = toObjects(usage["cacheDetails"]).map((detail) => ({
    ttl: detail["ttl"],
    tokens: counts.read(detail, "inputTokens") ?? 0,
  }));
  const named = sum(writes.map(({ tokens }) => tokens));
  const total = counts.read(usage, "cacheWriteInputTokens") ?? named;
  const oneHour = Math.min(
    total,
    sum(writes.filter(({ ttl }) => ttl === "1h").map(({ tokens }) => tokens)),
  );
  const read = usageOf({
    input: counts.read(usage, "inputTokens"),
    cache_read: counts.read(usage, "cacheReadInputTokens"),
    cache_write_5m: total - oneHour,
    cache_write_1h: oneHour,
    output: counts.read(usage, "outputTokens"),
  });
  return { parts: [{ model: null, usage: read }], invalid: counts.invalid };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
