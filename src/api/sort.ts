/** Reads the order of rows: a name, the highest first, or `NAME:asc`. */

import { PurserError } from "../domain/error.ts";
import { suggest } from "../domain/input/nearest.ts";

/** @throws PurserError `invalid_request` for an unknown name or order. */
export function readOrder<Name extends string>(
  text: string | undefined,
  names: readonly Name[],
  usual: Name,
): { readonly by: Name; readonly isAscending: boolean } {
  if (text === undefined) return { by: usual, isAscending: false };
  const [name = "", order = "desc", ...more] = text.split(":");
  const by = names.find((one) => one === name);
  if (by !== undefined && more.length === 0 && (order === "asc" || order === "desc"))
    return { by, isAscending: order === "asc" };
  throw new PurserError("invalid_request", `sort: "${text.slice(0, 60)}" is not valid`, {
    field: "sort",
    remedy:
      by === undefined ? suggest(name, names) : `Give ${by}, or ${by}:asc for the lowest first.`,
  });
}

/** As the request gives it. */
export function orderText({
  by,
  isAscending,
}: {
  readonly by: string;
  readonly isAscending: boolean;
}): string {
  return isAscending ? `${by}:asc` : by;
}
