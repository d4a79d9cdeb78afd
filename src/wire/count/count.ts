/** Reads counts and usage objects from a provider without trusting them. */

import { sumUsage, type FixedMeter, type Usage } from "../../domain/usage/usage.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** No answer has ever used this many tokens: a larger count is an error. */
const most = 1_000_000_000;

/** The longest usage object recorded with a charge, in UTF-16 units. */
const longestRaw = 4096;

const noObjects: readonly JsonObject[] = [];

/** @returns undefined for anything but a JSON object. */
export function toObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** @returns undefined for a text that is not JSON, or JSON other than an object. */
export function parseObject(text: Buffer | string): JsonObject | undefined {
  try {
    return toObject(JSON.parse(text.toString()));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @returns The objects of a JSON array; empty for anything else. */
export function toObjects(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) return noObjects;
  return value.map(toObject).filter((item) => item !== undefined);
}

/** @returns undefined for anything but a non-empty string. */
export function toText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Reads counts from one usage object, and records whether one of them was impossible. */
export class CountReader {
  #invalid = false;

  /** Whether a count was negative, fractional, absurdly large or not a number. */
  get invalid(): boolean {
    return this.#invalid;
  }

  /** @returns undefined if the count is absent, null or impossible. */
  read(object: JsonObject | undefined, field: string): number | undefined {
    const value = object?.[field] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most)
      return value;
    this.#invalid = true;
    return undefined;
  }

  /**
   * The rest of a total after its parts. A total smaller than its parts is invalid and leaves 0.
   */
  subtract(total: number, parts: number): number {
    if (parts > total) this.#invalid = true;
    return Math.max(0, total - parts);
  }
}

/**
 * Builds a usage of the known counts: `input` and `output` even if zero, the others only if not.
 */
export function usageOf(counts: {
  readonly [count in FixedMeter | "reasoning"]?: number | undefined;
}): Usage {
  const usage: { [count in FixedMeter | "reasoning"]?: number } = {};
  for (const name in counts) {
    const meter = name as FixedMeter | "reasoning";
    const count = counts[meter];
    if (count !== undefined && (count > 0 || meter === "input" || meter === "output"))
      usage[meter] = count;
  }
  return usage;
}

/**
 * Merges later counts over earlier ones, field by field, because a stream repeats running totals.
 * Totals only grow, so null, zero and an empty list overwrite nothing. Nested objects are merged
 * likewise.
 */
export function overwrite(earlier: JsonObject, later: JsonObject): JsonObject {
  const joined: Record<string, unknown> = { ...earlier };
  for (const field in later) {
    const value = later[field];
    if (value === null || (saysNothing(value) && joined[field] !== undefined)) continue;
    const after = toObject(value);
    const before = after && toObject(joined[field]);
    joined[field] = before && after ? overwrite(before, after) : value;
  }
  return joined;
}

function saysNothing(value: unknown): boolean {
  return value === 0 || (Array.isArray(value) && value.length === 0);
}

/**
 * The usage as JSON text, for the record. If too long, lists are omitted; null if it is still too
 * long.
 */
export function keepRaw(usage: JsonObject, written?: string): string | null {
  const text = written ?? JSON.stringify(usage);
  if (text.length <= longestRaw) return text;
  const short = JSON.stringify(
    Object.fromEntries(Object.entries(usage).filter(([, value]) => !Array.isArray(value))),
  );
  return short.length <= longestRaw ? short : null;
}

/** Whether two usages have the same counts. */
export function sameCounts(left: readonly Usage[], right: readonly Usage[]): boolean {
  const [one, other] = [sumUsage(left), sumUsage(right)];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as ReadonlySet<
    FixedMeter | "reasoning"
  >;
  return [...names].every((name) => (one[name] ?? 0) === (other[name] ?? 0));
}
