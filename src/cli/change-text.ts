/** Formats what a start changed because of the configuration, one line a change. */

import type { DeclaredChange } from "../app/manage/declared.ts";
import type { Paint } from "./terminal/color.ts";
import { printable, withoutControls } from "./terminal/width.ts";
import { purser } from "./called.ts";

export function changeText(
  { kind, name, what, fields, spent }: DeclaredChange,
  paint: Paint,
): string {
  const which = fields.length > 0 ? ` (${fields.join(", ")})` : "";
  const counted = spent === null ? "" : `; it has spent ${spent} in its current window`;
  const left = what === "no longer named" ? `; ${remains(kind, name)}` : "";
  return `${paint.dim("configuration")} ${printable(withoutControls(`${kind} ${name} ${what}${which}${counted}${left}`))}`;
}

/** Budgets and keys stay in the ledger until they are removed; prices exist only in the file. */
function remains(kind: DeclaredChange["kind"], name: string): string {
  if (kind === "price") return "it no longer applies";
  return kind === "budget"
    ? `it stays until \`${purser} budget delete ${name}\``
    : `it stays live until \`${purser} key revoke ${name}\``;
}
