/** Reading counts and usage objects that a provider wrote, without believing them. */

import { sumUsage, type Meter, type Usage } from "../../domain/usage/usage.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** No answer has ever used as many tokens: a larger count is a mistake, not a bill. */
const most = 1_000_000_000;

/** The longest usage object that is kept beside a charge, in UTF-16 units. */
const longestRaw = 4096;

const noObjects: readonly JsonObject[] = [];

/** @returns undefined for anything but a JSON object. */
export function toObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** @returns The objects of a JSON array; none for anything else. */
export function toObjects(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) return noObjects;
  return value.map(toObject).filter((item) => item !== undefined);
}

/** @returns undefined for anything but a string with something in it. */
export function toText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Takes counts out of one usage object, and remembers whether one of them could not be true. */
export class CountReader {
  #invalid = false;

  /** Whether a count was negative, not whole, absurdly large or not a number. */
  get invalid(): boolean {
    return this.#invalid;
  }

  /** @returns undefined when the count is absent or null, and when it cannot be true. */
  read(object: JsonObject | undefined, field: string): number | undefined {
    const value = object?.[field] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) return value;
    this.#invalid = true;
    return undefined;
  }

  /** What is left of a total after its parts; a total smaller than its parts cannot be true, and leaves nothing. */
  subtract(total: number, parts: number): number {
    if (parts > total) this.#invalid = true;
    return Math.max(0, total - parts);
  }
}

/** A usage of the counts that are known: `input` and `output` also when they are zero, the others when they are not. */
export function usageOf(counts: { readonly [count in Meter | "reasoning"]?: number | undefined }): Usage {
  const usage: { [count in Meter | "reasoning"]?: number } = {};
  for (const name in counts) {
    const meter = name as Meter | "reasoning";
    const count = counts[meter];
    if (count !== undefined && (count > 0 || meter === "input" || meter === "output")) usage[meter] = count;
  }
  return usage;
}

/**
 * Later counts over earlier ones, field by field: a stream repeats running totals. Null, zero and an empty list say nothing after a
 * count: a total that has grown does not go away. Objects inside are joined likewise.
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

/** The usage as JSON text, for the record. Of one that is too long the lists are left out; null when that does not help. */
export function keepRaw(usage: JsonObject, written?: string): string | null {
  const text = written ?? JSON.stringify(usage);
  if (text.length <= longestRaw) return text;
  const short = JSON.stringify(Object.fromEntries(Object.entries(usage).filter(([, value]) => !Array.isArray(value))));
  return short.length <= longestRaw ? short : null;
}

/** Whether two usages count the same. */
export function sameCounts(left: readonly Usage[], right: readonly Usage[]): boolean {
  const [one, other] = [sumUsage(left), sumUsage(right)];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as ReadonlySet<Meter | "reasoning">;
  return [...names].every((name) => (one[name] ?? 0) === (other[name] ?? 0));
}
