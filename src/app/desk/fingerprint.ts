/** Distinguishes a repeat of a request from another request with the same id. */

import { createHash } from "node:crypto";

/** SHA-256 of a request in hex, independent of the order of its fields. */
export function fingerprint(request: object): string {
  const text = JSON.stringify(sorted(request), (_key, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return createHash("sha256").update(text).digest("hex");
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}
