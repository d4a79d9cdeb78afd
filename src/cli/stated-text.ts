/** Shows what a price states beyond the rates of a bill: other tokens, tiers, regions, hours and units. */

import type { HoursText } from "../domain/price/text/hours-text.ts";
import { meterFields, type RatesText } from "../domain/price/text/rates-text.ts";
import type { PriceText } from "../domain/price/text/row-text.ts";
import type { TermText } from "../domain/price/text/term-text.ts";
import type { ContextTierText } from "../domain/price/text/tier-text.ts";
import { fixedMeters, tokenMeters } from "../domain/usage/usage.ts";
import { exactDollars, grouped } from "./terminal/number.ts";
import type { Output } from "./terminal/screen.ts";
import { table } from "./terminal/table.ts";

type Line = readonly [applies: string, rates: string];

interface Shown {
  /** Meters whose standard rates are shown already. */
  readonly shown: ReadonlySet<string>;
  readonly out: Output;
}

/** Empty if there is nothing more. */
export function statedText(price: PriceText, { shown, out }: Shown): string {
  const { context_tiers, service_tiers = {}, regions = "included", hours = [], free = {} } = price;
  const lines: readonly Line[] = [
    ...tokenLines(price, shown),
    ...tierLines(context_tiers, ""),
    ...termLines(service_tiers, (names) => `${names.join(", ")} tier`),
    ...termLines(
      regions === "included" ? {} : dearerRegions(regions),
      (names) => `region ${names.map(regionName).join(", ")}`,
    ),
    ...(price.reasoning === undefined || shown.has("reasoning")
      ? []
      : [
          ["reasoning", `${exactDollars(price.reasoning)} per million, apart from output`] as const,
        ]),
    ...acrossMidnight(hours).map((one): Line => [hoursName(one), ratesText(one)]),
    ...unitLines(price).filter(([meter]) => !shown.has(meter)),
    ...Object.entries(free).map(([meter, { units, per }]): Line => [
      `${grouped(units)} ${meter} a ${per}`,
      "free at the provider, charged here",
    ]),
  ];
  if (lines.length === 0) return "";
  const columns = [{ title: "for" }, { title: "USD per million tokens, or per unit" }];
  return `\n${table(columns, lines, { heading: out.paint.dim, room: out.columns })}`;
}

/** Standard rates of tokens that are not shown yet. A rate of zero in a price by units is none. */
function tokenLines(price: PriceText, shown: ReadonlySet<string>): readonly Line[] {
  const isByUnit = price.meters !== undefined && !/[1-9]/.test(`${price.input}${price.output}`);
  return fixedMeters.flatMap((meter): readonly Line[] => {
    const rate = price[meter];
    if (rate === undefined || !tokenMeters.has(meter) || shown.has(meter)) return [];
    return isByUnit && !/[1-9]/.test(rate) ? [] : [[meter, exactDollars(rate)]];
  });
}

function tierLines(tiers: readonly ContextTierText[] = [], prefix: string): readonly Line[] {
  return tiers.map((tier): Line => {
    const edge =
      tier.above === undefined
        ? `of ${grouped(tier.from ?? 0)} or more`
        : `above ${grouped(tier.above)}`;
    return [`${prefix}context ${edge}`, ratesText(tier)];
  });
}

/** Without those at the standard rates, unless any other region has rates of its own. */
function dearerRegions(
  regions: Readonly<Record<string, TermText>>,
): Readonly<Record<string, TermText>> {
  const other = regions["*"];
  if (other && !isStandard(other)) return regions;
  return Object.fromEntries(Object.entries(regions).filter(([, term]) => !isStandard(term)));
}

function isStandard(term: TermText): boolean {
  return "factor" in term && Number(term.factor) === 1 && !term.without;
}

/** Names with equal prices are in one line. */
function termLines(
  terms: Readonly<Record<string, TermText>>,
  title: (names: readonly string[]) => string,
): readonly Line[] {
  const groups = Object.groupBy(Object.entries(terms), ([, term]) => JSON.stringify(term));
  return Object.values(groups).flatMap((group = []) => {
    const [first] = group;
    return first ? linesOfTerm(title(group.map(([name]) => name)), first[1]) : [];
  });
}

function linesOfTerm(name: string, term: TermText): readonly Line[] {
  if ("factor" in term) {
    const without = term.without ? `, none for ${term.without.join(", ")}` : "";
    return [[name, `${term.factor} × the standard rates${without}`]];
  }
  const own = "context_tiers" in term ? term.context_tiers : [];
  return [[name, ratesText(term)], ...tierLines(own, `${name}, `)];
}

/** Hours that go past midnight are two entries of a price: they are shown as one, as entered. */
function acrossMidnight(hours: readonly HoursText[]): readonly HoursText[] {
  const shown: HoursText[] = [];
  for (const one of hours) {
    const before = shown.at(-1);
    if (before && isContinued(before, one)) shown.splice(-1, 1, { ...before, to: one.to });
    else shown.push(one);
  }
  return shown;
}

function isContinued(before: HoursText, one: HoursText): boolean {
  const isNext = before.to === "24:00" && one.from === "00:00" && before.from >= one.to;
  return (
    isNext &&
    ratesText(before) === ratesText(one) &&
    nextDays(before.days ?? weekdays).join(" ") === inWeek(one.days ?? weekdays).join(" ")
  );
}

function hoursName({ days, from, to }: HoursText): string {
  return `${days === undefined ? "every day" : daysText(days)}, ${from} to ${to} UTC`;
}

/** `mon to fri`, or with commas for fewer than three days in a row. */
function daysText(days: readonly string[]): string {
  const [first = "", last = ""] = [days[0], days.at(-1)];
  const span = weekdays.slice(weekdays.indexOf(first), weekdays.indexOf(last) + 1);
  const isRow = days.length > 2 && span.join(" ") === days.join(" ");
  return isRow ? `${first} to ${last}` : days.join(", ");
}

const weekdays: readonly string[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

function nextDays(days: readonly string[]): readonly string[] {
  return inWeek(days.flatMap((day) => weekdays[(weekdays.indexOf(day) + 1) % 7] ?? []));
}

function inWeek(days: readonly string[]): readonly string[] {
  return weekdays.filter((day) => days.includes(day));
}

export function regionName(name: string): string {
  return name === "*" ? "any other" : name;
}

/** Fees and other units, in USD per unit. */
function unitLines(price: PriceText): readonly Line[] {
  const fees = fixedMeters.flatMap((meter): readonly Line[] => {
    const rate = price[meter];
    return tokenMeters.has(meter) || rate === undefined ? [] : [[meter, exactDollars(rate)]];
  });
  const open = Object.entries(price.meters ?? {}).map(([meter, rate]): Line => [
    meter,
    exactDollars(rate),
  ]);
  return [...fees, ...open];
}

function ratesText(rates: RatesText): string {
  const fixed = meterFields.flatMap((meter) => {
    const rate = rates[meter];
    return rate === undefined ? [] : [[meter, rate] as const];
  });
  return [...fixed, ...Object.entries(rates.meters ?? {})]
    .map(([meter, rate]) => `${meter} ${exactDollars(rate)}`)
    .join(", ");
}
