/** Headers of a request that are Purser's own. None of them leaves. */

import { nearest } from "../../domain/input/nearest.ts";
import { dimensions, type Dimension } from "../../domain/attribution/attribution.ts";

export const ownPrefix = "x-purser-";

/** Those that say who pays. */
export const attributionHeaders: readonly (readonly [dimension: Dimension | "tags", header: string])[] = [
  ...dimensions,
  "tags" as const,
].map((dimension) => [dimension, `${ownPrefix}${dimension}`]);

/** All that are read; others with the prefix mean nothing. */
export const ownHeaders: ReadonlySet<string> = new Set([
  ...attributionHeaders.map(([, header]) => header),
  "x-purser-key",
  "x-purser-operation-id",
  "x-purser-fit",
]);

/** A sentence about a header with the prefix that is none of them. The prefix says nothing of what was meant. */
export function remedyFor(header: string): string {
  const known = [...ownHeaders].map((own) => own.slice(ownPrefix.length));
  const meant = nearest(header.slice(ownPrefix.length), known);
  return meant === undefined ? `Behind ${ownPrefix} may stand ${known.join(", ")}.` : `Did you mean ${ownPrefix}${meant}?`;
}
