/** Formats a price update for people: what changes, what is doubtful, and what to do next. */

import type { ModelChangeJson, PriceUpdateJson } from "../contract/price-update.ts";
import { doubtKinds, type DoubtKind } from "../domain/price/update/list-doubt.ts";
import { formatUsd, parseUsd, pico } from "../domain/money/money.ts";
import { countsTokens } from "../domain/price/row/rate.ts";
import { purser } from "./called.ts";
import { type TargetOptions, targetWords } from "./option.ts";
import { counted, dollars, grouped, percent } from "./terminal/number.ts";
import type { Output } from "./terminal/screen.ts";
import { table } from "./terminal/table.ts";

/** Further changes are only counted; --json has them all. */
const mostShown = 40;

export function updateText(update: PriceUpdateJson, out: Output): string {
  const { bold, dim } = out.paint;
  const head = `${bold(`${update.source} ${update.version}`)}  ${dim(`from ${update.from}, sha256 ${update.sha256.slice(0, 12)}`)}\n\n`;
  return [
    head,
    changesText(update, out),
    `${countsText(update)}\n`,
    skippedText(update),
    carriedText(update),
    knownText(update),
    effectText(update),
    doubtsText(update, out),
  ].join("");
}

interface OutcomeOptions extends TargetOptions {
  /** The kinds of doubt that the command accepted. */
  readonly accept?: readonly DoubtKind[];
}

/**
 * What was done, or what to do next.
 *
 * @param options The options of the command.
 */
export function outcomeText(update: PriceUpdateJson, options: OutcomeOptions): string {
  const isStored = update.state === "applied" || update.state === "unchanged";
  return `${isStored && update.partial ? partialText : ""}${stateText(update, options)}`;
}

const partialText =
  "The list has few of the book's models, so the age of the prices does not begin again.\n";

function stateText(update: PriceUpdateJson, options: OutcomeOptions): string {
  const { accept: accepted = [] } = options;
  const { state, update_id: id, refused_for: kinds } = update;
  if (state === "applied")
    return `Applied as ${id}: calls that begin from now on have these prices, and no earlier charge changes.\nUndo it with: ${purser} prices revert ${id}${targetWords(options)}\n`;
  if (state === "unchanged")
    return update.unchanged === 0
      ? `The list has no price that can be used: every model keeps its price (recorded as ${id}).\n`
      : `The prices in force agree with the list (recorded as ${id}).\n`;
  const nothing = `Nothing was stored${state === "checked" ? " (--check)" : ""}.`;
  const isEmpty = update.doubts.some(({ kind }) => kind === "empty");
  if (kinds.length === 0) return `${nothing}${isEmpty ? ` Without --check, ${emptyIsKept}` : ""}\n`;
  // All that the list needs: an option replaces an earlier one.
  const every = doubtKinds.filter((kind) => kinds.includes(kind) || accepted.includes(kind));
  const accept = `--accept ${every.join(",")}`;
  if (isEmpty) return `${nothing} With ${accept}, ${emptyIsKept}\n`;
  return state === "refused"
    ? `${nothing} If these changes are right, repeat the command with ${accept}.\n`
    : `${nothing} Without --check, the list is refused, unless you give ${accept}.\n`;
}

const emptyIsKept = "the update is recorded, although every model keeps its price.";

function changesText(update: PriceUpdateJson, out: Output): string {
  const { changes } = update;
  if (changes.length === 0) return "";
  const rows = byImportance(update).slice(0, mostShown).flatMap(rowsOf);
  const columns = [
    { title: "model" },
    { title: "change" },
    { title: "price" },
    { title: "before", align: "right" },
    { title: "after", align: "right" },
    { title: "by", align: "right" },
  ] as const;
  const left = changes.length - mostShown;
  const more = left > 0 ? `... and ${counted(left, "more model")}: see --json.\n` : "";
  const unit = out.paint.dim("USD per million tokens, or per unit of anything else");
  return `${table(columns, rows, { heading: out.paint.dim, room: out.columns })}${more}${unit}\n\n`;
}

/**
 * First the models with spend this month, in the order of the effect, then the others by their
 * largest change, new models last.
 */
function byImportance({ changes, effect }: PriceUpdateJson): readonly ModelChangeJson[] {
  const places = new Map(effect.models.map((model, index) => [nameOf(model), index]));
  const place = (change: ModelChangeJson): number => places.get(nameOf(change)) ?? Infinity;
  const size = ({ change, rates }: ModelChangeJson): number =>
    change === "new" ? -1 : Math.max(0, ...rates.map((rate) => Math.abs(growthOf(rate) ?? 0)));
  return changes.toSorted((left, right) => {
    const [first, second] = [place(left), place(right)];
    return first === second ? size(right) - size(left) : first - second;
  });
}

function nameOf({
  provider,
  model,
}: {
  readonly provider: string;
  readonly model: string;
}): string {
  return `${provider}/${model}`;
}

function rowsOf({
  provider,
  model,
  change: kind,
  rates,
  own_price: isOwn,
}: ModelChangeJson): readonly (readonly string[])[] {
  const name = `${provider}/${model}`;
  const change = isOwn ? `${kind}, your own price applies` : kind;
  if (rates.length === 0) return [[name, change, "", "", "", ""]];
  return distinctRates(rates).map((rate, index) => [
    index === 0 ? name : "",
    index === 0 ? change : "",
    placeOf(rate),
    kind === "new" ? "" : rateText(rate.meter, rate.before_usd_per_million),
    rateText(rate.meter, rate.after_usd_per_million),
    growthText(rate),
  ]);
}

type RateChangeJson = ModelChangeJson["rates"][number];

/** The first of the rates with the same figures. */
function distinctRates(rates: readonly RateChangeJson[]): readonly RateChangeJson[] {
  const figures = (rate: RateChangeJson): string =>
    `${rate.before_usd_per_million} ${rate.after_usd_per_million}`;
  return [...Map.groupBy(rates, figures).values()].flatMap(([first]) => first ?? []);
}

function placeOf(rate: RateChangeJson): string {
  const { meter, service_tier: tier, region, from_context_tokens: tokens } = rate;
  return [
    meter,
    tier === "standard" ? "" : tier,
    region === null ? "" : `in ${region}`,
    tokens === null ? "" : `from ${grouped(tokens)} tokens`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** Of a million tokens, or of one of anything else. */
function rateText(meter: string, perMillion: string | null): string {
  if (perMillion === null) return "none";
  return countsTokens(meter) ? perMillion : formatUsd(pico(parseUsd(perMillion) / 1_000_000n));
}

/** As a share of the price before; undefined if there was none. */
function growthOf(rate: RateChangeJson): number | undefined {
  const before = Number(rate.before_usd_per_million ?? 0);
  return before === 0 ? undefined : Number(rate.after_usd_per_million ?? 0) / before - 1;
}

function growthText(rate: RateChangeJson): string {
  const share = growthOf(rate);
  return share === undefined ? "" : `${share < 0 ? "-" : "+"}${percent(Math.abs(share))}`;
}

const mixed = "mixed: some rates dearer, others cheaper";

function countsText({ changes, unchanged, gone, skipped }: PriceUpdateJson): string {
  const count = (kind: ModelChangeJson["change"]): number =>
    changes.filter(({ change }) => change === kind).length;
  const kinds = (["new", "dearer", "cheaper", "mixed"] as const)
    .filter((kind) => count(kind) > 0)
    .map((kind) => `${grouped(count(kind))} ${kind === "mixed" ? mixed : kind}`);
  return [
    `${counted(changes.length, "model has another price", "models have other prices")}${kinds.length > 0 ? ` (${kinds.join(", ")})` : ""}`,
    `${grouped(unchanged)} agree`,
    ...(gone.length > 0
      ? [`${grouped(gone.length)} gone from the list, which keep their price: ${namesOf(gone)}`]
      : []),
    ...(skipped.length > 0 ? [`${grouped(skipped.length)} skipped`] : []),
  ]
    .join("; ")
    .concat(".");
}

const mostNamed = 5;

function namesOf(models: readonly { readonly provider: string; readonly model: string }[]): string {
  return someOf(models.map(nameOf));
}

/** The first names, and the number of others. */
function someOf(names: readonly string[]): string {
  const left = names.length - mostNamed;
  const shown = names.slice(0, mostNamed).join(", ");
  return left > 0 ? `${shown} and ${grouped(left)} more` : shown;
}

/** One model for each reason; those of few models first, because they are more likely mistakes. */
function skippedText({ skipped }: PriceUpdateJson): string {
  if (skipped.length === 0) return "";
  const reasons = [...Map.groupBy(skipped, ({ why }) => why)].toSorted(
    ([, left], [, right]) => left.length - right.length,
  );
  const lines = reasons.slice(0, mostNamed).flatMap(([why, [first, ...others]]) => {
    if (!first) return [];
    const place = first.path === null ? "" : ` at ${first.path}`;
    const more = others.length > 0 ? `, and ${counted(others.length, "more model")}` : "";
    return [`  ${nameOf(first)}${place}: ${why}${more}\n`];
  });
  const left = reasons.length - mostNamed;
  const more = left > 0 ? `  ... and ${counted(left, "more reason")}: see --json.\n` : "";
  return `Skipped, because a price in the list cannot be used:\n${lines.join("")}${more}`;
}

function carriedText({ changes }: PriceUpdateJson): string {
  const models = changes.filter(({ carried }) => carried.length > 0);
  if (models.length === 0) return "";
  const lines = models
    .slice(0, mostShown)
    .map(({ provider, model, carried }) => `  ${provider}/${model}: ${carried.join(", ")}\n`);
  const left = models.length - mostShown;
  const more = left > 0 ? `  ... and ${counted(left, "more model")}: see --json.\n` : "";
  return `The list leaves these out; they change in proportion to the prices it states:\n${lines.join("")}${more}`;
}

/** Changes that the book knows in advance, and a list without dates does not. */
function knownText({ changes }: PriceUpdateJson): string {
  const lines = changes.flatMap(({ provider, model, known_change: date }) =>
    date === null ? [] : [`  ${provider}/${model}: known change on ${date.slice(0, 10)} kept\n`],
  );
  if (lines.length === 0) return "";
  const left = lines.length - mostShown;
  const more = left > 0 ? `  ... and ${counted(left, "more model")}: see --json.\n` : "";
  return `The list does not state these later prices; the book keeps its own:\n${lines.slice(0, mostShown).join("")}${more}`;
}

function effectText({ effect }: PriceUpdateJson): string {
  const { from, spent_usd: spent, would_have_been_usd: other, models } = effect;
  const since = `Since ${from.slice(0, 10)}, calls cost ${dollars(spent)}`;
  if (models.length === 0) return `${since}; these prices would not change that.\n`;
  const lines = models
    .slice(0, mostNamed)
    .map(
      (one) =>
        `  ${one.provider}/${one.model}: ${dollars(one.spent_usd)}, would have been ${dollars(one.would_have_been_usd)}${differenceText(one.spent_usd, one.would_have_been_usd)}\n`,
    );
  return `${since}; with these prices, it would have been ${dollars(other)}${differenceText(spent, other)}.\n${lines.join("")}`;
}

/** A small difference does not show in the rounded amounts. */
function differenceText(before: string, after: string): string {
  const difference = parseUsd(after) - parseUsd(before);
  if (difference === 0n) return "";
  return ` (${difference > 0n ? "+" : ""}${dollars(formatUsd(pico(difference)))})`;
}

function doubtsText({ doubts, refused_for: refused }: PriceUpdateJson, out: Output): string {
  if (doubts.length === 0) return "";
  const kindText = (kind: DoubtKind): string =>
    refused.includes(kind) ? kind : `${kind} (accepted)`;
  const vanished = doubts.filter(({ kind }) => kind === "vanished");
  const isMany = vanished.length > mostNamed;
  const shown = isMany ? doubts.filter(({ kind }) => kind !== "vanished") : doubts;
  const rows = shown
    .slice(0, mostShown)
    .map(({ kind, provider, model, detail }) => [
      kindText(kind),
      [provider, model].filter((name) => name !== null).join("/"),
      detail,
    ]);
  if (isMany)
    rows.push([
      kindText("vanished"),
      ...vanishedCells(vanished.map(({ provider }) => provider ?? "")),
    ]);
  const left = shown.length - mostShown;
  const columns = [{ title: "doubt" }, { title: "about" }, { title: "detail" }];
  const more = left > 0 ? `... and ${counted(left, "more doubt")}: see --json.\n` : "";
  return `\n${table(columns, rows, { heading: out.paint.dim, room: out.columns })}${more}\n`;
}

/** A list of a few providers misses all others. */
function vanishedCells(providers: readonly string[]): readonly string[] {
  return [
    `${grouped(providers.length)} providers`,
    `no model of theirs is in the list any more: ${someOf(providers)}`,
  ];
}
