/** Reads the names that figures are grouped by. */

import { dimensions } from "../domain/attribution/attribution.ts";
import { PurserError } from "../domain/error.ts";
import { suggest } from "../domain/input/nearest.ts";

const groupKeys: readonly string[] = [
  "provider",
  "model",
  "endpoint",
  "key",
  "status",
  ...dimensions,
];

/** @throws PurserError `invalid_request` for an unknown name, or too many. */
export function readBy(text: string | undefined, most: number): readonly string[] {
  const names = [...new Set(text?.split(",").map((name) => name.trim()) ?? [])];
  const unknown = names.find(
    (name) => !groupKeys.includes(name) && !/^tag:[A-Za-z0-9._:/-]{1,64}$/.test(name),
  );
  if (unknown !== undefined) {
    throw new PurserError("invalid_request", `by: cannot group by "${unknown.slice(0, 60)}"`, {
      field: "by",
      remedy: suggest(unknown, [...groupKeys, "tag:NAME"]),
    });
  }
  if (names.length > most) {
    throw new PurserError("invalid_request", `by: more than ${most} names`, {
      field: "by",
      remedy: `Give at most ${most}.`,
    });
  }
  return names;
}
