/** Prints the budgets of teams: as a table with totals, or as CSV. */

import type { TeamPageJson } from "../contract/team.ts";
import { csvLine, harmless } from "../domain/table/csv.ts";
import { atThePoint, grouped, moneyIn, percent } from "./terminal/number.ts";
import type { Output } from "./terminal/screen.ts";
import { table } from "./terminal/table.ts";
import { printable } from "./terminal/width.ts";

type Amounts = TeamPageJson["totals"][number];

interface Line extends Omit<Amounts, "teams"> {
  readonly label: string;
}

/** A row each team and budget, then the totals, and the parents whose children are above them. */
export function teamsText(
  found: TeamPageJson,
  { paint, columns: room }: Output,
  team?: string,
): string {
  const { data, totals, parents } = found;
  if (data.length === 0)
    return paint.dim(
      team === undefined
        ? "No teams: no team has a budget or calls.\n"
        : `No team named ${printable(team)} has a budget or calls.\n`,
    );
  const lines: readonly Line[] = [
    ...data.map((row) => ({ ...row, label: row.team })),
    ...totals.map((total) => ({ ...total, label: "total" })),
  ];
  const amounts = (of: (line: Line) => string | null): readonly string[] =>
    atThePoint(lines.map((line) => amountText(of(line), line.currency)));
  const [allocated, used, remaining, per] = [
    amounts((line) => line.allocated),
    amounts((line) => line.used),
    amounts((line) => line.remaining),
    amounts((line) => line.cost_per_deliverable),
  ];
  const cells = lines.map((line, index) => {
    const share = line.used_share;
    const row = [
      line.label,
      line.period === null ? line.currency : `${line.currency} / ${line.period}`,
      allocated[index] ?? "",
      used[index] ?? "",
      remaining[index] ?? "",
      share === null ? "" : percent(share),
      line.deliverables === 0 ? "" : grouped(line.deliverables),
      per[index] ?? "",
      line.status.replaceAll("_", " "),
    ];
    return line.label === "total" && index >= data.length ? row.map(paint.bold) : row;
  });
  const text = table(shownColumns(found.deliverable), cells, { heading: paint.dim, room });
  return `${text}${parents.map((parent) => parentText(parent)).join("")}`;
}

const figure = { align: "right" } as const;

function shownColumns(counted: string) {
  const deliverable = counted.replace(/^tag:/, "");
  return [
    { title: "team" },
    { title: "budget", spare: 2 },
    { title: "allocated", ...figure },
    { title: "used", ...figure },
    { title: "remaining", ...figure },
    { title: "used %", ...figure, spare: 1 },
    {
      title: deliverable === "capability" ? "capabilities" : `${deliverable}s`,
      ...figure,
      spare: 4,
    },
    { title: `per ${deliverable}`, ...figure, spare: 3 },
    { title: "status" },
  ];
}

function parentText(parent: TeamPageJson["parents"][number]): string {
  const { budget_id: id, currency, allocated, children, over_allocated: above } = parent;
  if (above === "0") return "";
  const [sum, own, over] = [children, allocated, above].map((one) => amountText(one, currency));
  const unit = currency === "tokens" || currency === "requests" ? ` ${currency}` : "";
  return `The children of ${id} are allocated ${sum}${unit}, which is ${over} more than its ${own}.\n`;
}

function amountText(amount: string | null, currency: string): string {
  if (amount === null) return "";
  if (currency !== "tokens" && currency !== "requests") return moneyIn(currency, amount);
  const [whole = "0", fraction = ""] = amount.split(".");
  // An average of counts, to two decimals.
  return grouped(fraction === "" ? whole : Number(amount).toFixed(2));
}

const exactColumns = [
  "team",
  "budget_id",
  "currency",
  "period",
  "allocated",
  "used",
  "held",
  "remaining",
  "used_share",
  "deliverables",
  "cost_per_deliverable",
  "status",
  "cost_usd",
  "tokens",
  "calls",
  "charges",
] as const;

/** Exact amounts. A cell that a spreadsheet would run as a formula is prefixed with an apostrophe. */
export function teamsCsv({ data }: TeamPageJson): string {
  const rows = data.map((row) => exactColumns.map((name) => cell(name, row[name])));
  return [exactColumns, ...rows].map(csvLine).join("");
}

/** An amount may begin with a minus sign. */
function cell(name: string, value: string | number | null): string {
  const text = String(value ?? "");
  return name === "team" || name === "budget_id" ? harmless(text) : text;
}
