/** An attribution as values by dimension, such as `{ project: "p1", "tag:customer": "acme" }`. */

import { dimensions, type Attribution } from "./attribution.ts";

export function valuesOf(attribution: Attribution): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const dimension of dimensions) {
    const value = attribution[dimension];
    if (value !== undefined) values[dimension] = value;
  }
  for (const [name, value] of Object.entries(attribution.tags ?? {})) values[`tag:${name}`] = value;
  return values;
}
