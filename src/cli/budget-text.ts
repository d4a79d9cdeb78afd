/** Formats budgets for a terminal: a tree of all, or one with all its figures. */

import type { BudgetDetailJson, BudgetJson } from "../contract/budget.ts";
import { add, formatUsd, parseUsd, type PicoUsd } from "../domain/money/money.ts";
import { asCalled } from "./called.ts";
import { gauge } from "./terminal/bar.ts";
import type { Paint } from "./terminal/color.ts";
import { atThePoint, dollars, grouped, percent } from "./terminal/number.ts";
import type { Output } from "./terminal/screen.ts";
import { table } from "./terminal/table.ts";

const gaugeCells = 12;

/** Children are listed under their parents. */
export function budgetTable(budgets: readonly BudgetJson[], output: Output): string {
  const { paint } = output;
  const placed = inTreeOrder(budgets);
  const amounts = (of: (budget: BudgetJson) => string | null): readonly string[] =>
    atThePoint(placed.map(({ budget }) => amountText(of(budget), budget.currency)));
  const [limit, spent, held, available] = [
    amounts((budget) => formatUsd(limitOf(budget))),
    amounts((budget) => budget.spent),
    amounts((budget) => budget.held),
    amounts((budget) => budget.available),
  ];
  const rows = placed.map(({ budget, depth }, index) => [
    `${"  ".repeat(depth)}${budget.budget_id}${marks(budget, paint)}`,
    [limited(budget), ...filtersOf(budget)].join(", "),
    `${budget.policy} / ${budget.period}`,
    limit[index] ?? "",
    spent[index] ?? "",
    held[index] ?? "",
    available[index] ?? "",
    shareText(budget, paint),
    gaugeText(budget, paint),
  ]);
  const figure = { align: "right" } as const;
  const columns = [
    { title: "budget" },
    { title: "limits", spare: 2 },
    { title: "policy", spare: 3 },
    { title: "limit", ...figure },
    { title: "spent", ...figure },
    { title: "held", ...figure, spare: 4 },
    { title: "available", ...figure, spare: 1 },
    { title: "used", ...figure },
    { title: "", spare: 5 },
  ];
  return table(columns, rows, { heading: paint.dim, room: output.columns });
}

function marks({ paused, approval }: BudgetJson, paint: Paint): string {
  return `${paused ? paint.red(" paused") : ""}${approval ? paint.yellow(" asks") : ""}`;
}

/** @param budget With the value whose figures it has, if one was named. */
export function budgetText(
  budget: BudgetJson & Pick<Partial<BudgetDetailJson>, "value">,
  output: Output,
): string {
  const { paint } = output;
  const facts: readonly (readonly [string, string | undefined])[] = [
    [
      "limits",
      `${limited(budget)}, ${budget.policy}, ${budget.period === "once" ? "once" : `per ${budget.period}`}`,
    ],
    ["value", budget.value ?? undefined],
    ["models", budget.models?.join(", ")],
    ["providers", budget.providers?.join(", ")],
    ["parent", budget.parent_budget_id ?? undefined],
    ["window", windowText(budget)],
    ["paused", pausedText(budget, paint)],
    ["paused values", pausedValues(budget, paint)],
    ["limit", amountText(budget.amount, budget.currency)],
    ["granted", isNone(budget.granted) ? undefined : amountText(budget.granted, budget.currency)],
    ["spent", amountText(budget.spent, budget.currency)],
    ["held", amountText(budget.held, budget.currency)],
    ["available", availableText(budget)],
    ["for closing", amountText(budget.reserve_for_closing, budget.currency) || undefined],
    ["asks", budget.ask_timeout === null ? undefined : `for more money, for ${budget.ask_timeout}`],
    ["approval", approvalText(budget, paint)],
    [
      "overrun",
      budget.overrun === "0" ? undefined : paint.red(amountText(budget.overrun, budget.currency)),
    ],
    [
      "used",
      [gaugeText(budget, paint), shareText(budget, paint)]
        .filter((part) => part !== "")
        .join(" ") || undefined,
    ],
  ];
  const rows = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [[paint.dim(name), value]],
  );
  return `${paint.bold(budget.budget_id)}\n${table([{ title: "" }, { title: "" }], rows, { heading: paint.dim, room: output.columns, indent: "  " })}`;
}

/** Calls that close no run cannot use all of it: a refusal counts what they can. */
function availableText(budget: BudgetJson): string | undefined {
  const { available, available_for_ordinary_calls: ordinary, currency } = budget;
  if (available === null) return undefined;
  const all = amountText(available, currency);
  return ordinary === null ? all : `${all}, ${amountText(ordinary, currency)} for ordinary calls`;
}

/** The lines under a table of budgets: paused values, and what people are asked. */
export function budgetLines(budgets: readonly BudgetJson[], { paint }: Output): string {
  return budgets
    .flatMap((budget) => {
      const values = pausedValues(budget, paint);
      const paused = values === undefined ? [] : [`${budget.budget_id}: paused values: ${values}`];
      return [...paused, ...[approvalText(budget, paint) ?? []].flat()];
    })
    .map((line) => `${line}\n`)
    .join("");
}

/** What a person can do about an open question. */
function approvalText(budget: BudgetJson, paint: Paint): string | undefined {
  const { approval, budget_id: id, currency } = budget;
  if (!approval) return undefined;
  const { value, needed, available, waiting } = approval;
  const named = budget.resource_id === "*" ? `${id} --value ${value}` : id;
  const calls = waiting === 1 ? "1 call waits" : `${grouped(String(waiting))} calls wait`;
  const figures = `${amountText(needed, currency)} needed, ${amountText(available, currency)} available`;
  return paint.yellow(
    `${id} asks for more: ${figures}, ${calls}. ${asCalled(`\`purser budget extend ${named} --amount AMOUNT\` or \`purser budget decline ${named}\``)}`,
  );
}

function isNone(amount: string | null): boolean {
  return amount === null || amount === "0";
}

function pausedText({ paused }: BudgetJson, paint: Paint): string | undefined {
  if (!paused) return undefined;
  const by = paused.by === "threshold" ? "by a threshold" : `by ${paused.by}`;
  return paint.red(paused.reason === null ? by : `${by}: ${paused.reason}`);
}

const namedValues = 10;

function pausedValues({ paused_values: values }: BudgetJson, paint: Paint): string | undefined {
  if (values.length === 0) return undefined;
  const more = values.length > namedValues ? ` and more` : "";
  return paint.red(`${values.slice(0, namedValues).join(", ")}${more}`);
}

/** In the time zone of the budget, in which its windows begin. */
function windowText({ window, time_zone: zone }: BudgetJson): string | undefined {
  if (!window) return undefined;
  const local = (instant: string): string =>
    Temporal.Instant.from(instant)
      .toZonedDateTimeISO(zone)
      .toString({ timeZoneName: "never", offset: "never", smallestUnit: "minute" })
      .replace("T", " ");
  const end = window.end === null ? "without end" : `until ${local(window.end)}`;
  return window.start === null ? `${end} (${zone})` : `${local(window.start)} ${end} (${zone})`;
}

/** The spent and held share of the limit, 0 to 1 or above; null if unknown, as for `*` itself. */
export function usedShare(budget: BudgetJson): number | null {
  if (budget.resource_id === "*") return null;
  const limit = limitOf(budget);
  if (limit === 0n) return null;
  const used = parseUsd(budget.spent, "spent") + parseUsd(budget.held, "held");
  return Number((used * 10_000n) / limit) / 10_000;
}

/** What may be spent in this window: the amount and its extensions. */
function limitOf({ amount, granted }: BudgetJson): PicoUsd {
  return add(parseUsd(amount, "amount"), parseUsd(granted ?? "0", "granted"));
}

function shareText(budget: BudgetJson, paint: Paint): string {
  const share = usedShare(budget);
  return share === null ? "" : colourOf(share, paint)(percent(share));
}

function gaugeText(budget: BudgetJson, paint: Paint): string {
  const share = usedShare(budget);
  return share === null ? "" : colourOf(share, paint)(gauge(share, gaugeCells));
}

function colourOf(share: number, paint: Paint): (text: string) => string {
  if (share >= 0.95) return paint.red;
  return share >= 0.8 ? paint.yellow : paint.green;
}

/** USD as in tables, other currencies with their unit; empty if unknown. */
export function amountText(amount: string | null, currency: string): string {
  if (amount === null) return "";
  return currency === "USD" ? dollars(amount) : `${grouped(amount)} ${currency}`;
}

function limited(budget: BudgetJson): string {
  return budget.resource_id === "*"
    ? `each ${budget.budget_type}`
    : `${budget.budget_type} ${budget.resource_id}`;
}

/** Which calls count. The usual exclusion of the simulator is not worth showing. */
function filtersOf({ models, providers }: BudgetJson): readonly string[] {
  const isUsual = providers?.length === 1 && providers[0] === "!sim";
  return [
    ...(models ? [`models ${models.join(",")}`] : []),
    ...(providers && !isUsual ? [`providers ${providers.join(",")}`] : []),
  ];
}

interface Placed {
  readonly budget: BudgetJson;
  readonly depth: number;
}

/** Budgets whose parent is not in the list are at the root. */
function inTreeOrder(budgets: readonly BudgetJson[]): readonly Placed[] {
  const known = new Set(budgets.map((budget) => budget.budget_id));
  const children = Map.groupBy(budgets, ({ parent_budget_id: parent }) =>
    parent !== null && known.has(parent) ? parent : null,
  );
  const place = (parent: string | null, depth: number): readonly Placed[] =>
    (children.get(parent) ?? []).flatMap((budget) => [
      { budget, depth },
      ...place(budget.budget_id, depth + 1),
    ]);
  return place(null, 0);
}
