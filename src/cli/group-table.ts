/** A table of call groups, each with its share of the total. */

import type { GroupFiguresJson } from "../contract/series.ts";
import { parseUsd } from "../domain/money/money.ts";
import { countContext } from "../domain/usage/usage.ts";
import { bar } from "./terminal/bar.ts";
import { dollarColumn, grouped, percent } from "./terminal/number.ts";
import type { Output } from "./terminal/screen.ts";
import { table } from "./terminal/table.ts";

export interface GroupTableOptions {
  /** The names that the calls are grouped by, one column each. */
  readonly by: readonly string[];
  /** The total of the shares, in USD. */
  readonly whole: string;
  readonly output: Output;
}

/** One row a group. */
export function groupTable(
  groups: readonly GroupFiguresJson[],
  options: GroupTableOptions,
): string {
  const { paint } = options.output;
  const costs = dollarColumn(groups.map((group) => group.cost_usd));
  const hasCharges = groups.some(({ charges }) => charges > 0);
  const rows = groups.map((group, index) => {
    const share = shareOf(group.cost_usd, options.whole);
    const values = options.by.map((key) => group.group[key] ?? "unattributed");
    const counts = [
      grouped(group.calls),
      ...(hasCharges ? [group.charges > 0 ? grouped(group.charges) : ""] : []),
      group.refusals > 0 ? paint.yellow(grouped(group.refusals)) : "",
      grouped(countContext(group.usage)),
      grouped(group.usage.output ?? 0),
    ];
    return [...values, ...counts, costs[index] ?? "", percent(share), paint.cyan(bar(share, 16))];
  });
  const figure = { align: "right" } as const;
  const columns = [
    ...options.by.map((title) => ({ title })),
    { title: "calls", ...figure },
    ...(hasCharges ? [{ title: "charges", ...figure, spare: 2 }] : []),
    { title: "refused", ...figure, spare: 2 },
    { title: "input", ...figure, spare: 4 },
    { title: "output", ...figure, spare: 3 },
    { title: "USD", ...figure },
    { title: "share", ...figure, spare: 1 },
    { title: "", spare: 5 },
  ];
  return table(columns, rows, { heading: paint.dim, room: options.output.columns });
}

/** A share of exact amounts, to one part in a million. */
export function shareOf(part: string, whole: string): number {
  const all = parseUsd(whole, "cost_usd");
  return all === 0n ? 0 : Number((parseUsd(part, "cost_usd") * 1_000_000n) / all) / 1_000_000;
}
