/** Lists Purser's own request headers. None of them is forwarded. */

import { nearest } from "../../domain/input/nearest.ts";
import { dimensions, type Dimension } from "../../domain/attribution/attribution.ts";

export const ownPrefix = "x-purser-";

/** The headers that attribute a call. */
export const attributionHeaders: readonly (readonly [
  dimension: Dimension | "tags",
  header: string,
])[] = [...dimensions, "tags" as const].map((dimension) => [dimension, `${ownPrefix}${dimension}`]);

/** All headers that are read; others with the prefix have no effect. */
export const ownHeaders: ReadonlySet<string> = new Set([
  ...attributionHeaders.map(([, header]) => header),
  "x-purser-key",
  "x-purser-operation-id",
  "x-purser-fit",
  "x-purser-charge",
  "x-purser-closing",
]);

/** A hint, as a sentence, for an unknown header with the prefix. */
export function remedyFor(header: string): string {
  const known = [...ownHeaders].map((own) => own.slice(ownPrefix.length));
  const meant = nearest(header.slice(ownPrefix.length), known);
  return meant === undefined
    ? `Supported after ${ownPrefix}: ${known.join(", ")}.`
    : `Did you mean ${ownPrefix}${meant}?`;
}
