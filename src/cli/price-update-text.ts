/** Formats a price update for people: what changes, what is doubtful, and what to do next. */

import type { ModelChangeJson, PriceUpdateJson } from "../contract/price-update.ts";
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
    carriedText(update),
    effectText(update),
    doubtsText(update, out),
  ].join("");
}

/** What was done, or what to do next. */
export function outcomeText(update: PriceUpdateJson): string {
  const { state, update_id: id, refused_for: kinds } = update;
  if (state === "applied")
    return `Applied as ${id}: calls that begin from now on have these prices, and no earlier charge changes.\nUndo it with: purser prices revert ${id}\n`;
  if (state === "unchanged")
    return `The prices in force agree with the list (recorded as ${id}).\n`;
  const accept = `--accept ${kinds.join(",")}`;
  if (state === "refused")
    return `Nothing was stored. If these changes are right, repeat the command with ${accept}.\n`;
  return kinds.length > 0
    ? `Nothing was stored (--check). Without it, the list would be refused, unless you add ${accept}.\n`
    : "Nothing was stored (--check).\n";
}

function changesText({ changes }: PriceUpdateJson, out: Output): string {
  if (changes.length === 0) return "";
  const known = changes.filter(({ change }) => change !== "new");
  const rows = [...known, ...changes.filter(({ change }) => change === "new")]
    .slice(0, mostShown)
    .flatMap(rowsOf);
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
  const unit = out.paint.dim("USD per million tokens; of other units, per million units");
  return `${table(columns, rows, { heading: out.paint.dim, room: out.columns })}${more}${unit}\n\n`;
}

function rowsOf({
  provider,
  model,
  change,
  rates,
}: ModelChangeJson): readonly (readonly string[])[] {
  const name = `${provider}/${model}`;
  if (rates.length === 0) return [[name, change, "", "", "", ""]];
  return distinctRates(rates).map((rate, index) => [
    index === 0 ? name : "",
    index === 0 ? change : "",
    placeOf(rate),
    rate.before_usd_per_million ?? "none",
    rate.after_usd_per_million ?? "none",
    growth(rate.before_usd_per_million, rate.after_usd_per_million),
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

function growth(before: string | null, after: string | null): string {
  const [old, now] = [Number(before ?? 0), Number(after ?? 0)];
  if (old === 0) return "";
  const share = now / old - 1;
  return `${share < 0 ? "-" : "+"}${percent(Math.abs(share))}`;
}

function countsText({ changes, unchanged, gone, skipped }: PriceUpdateJson): string {
  const count = (kind: ModelChangeJson["change"]): number =>
    changes.filter(({ change }) => change === kind).length;
  const kinds = (["new", "dearer", "cheaper", "mixed"] as const)
    .filter((kind) => count(kind) > 0)
    .map((kind) => `${grouped(count(kind))} ${kind}`);
  return [
    `${counted(changes.length, "model has another price", "models have other prices")}${kinds.length > 0 ? ` (${kinds.join(", ")})` : ""}`,
    `${grouped(unchanged)} agree`,
    ...(gone.length > 0
      ? [`${grouped(gone.length)} gone from the list, which keep their price: ${namesOf(gone)}`]
      : []),
    ...(skipped.length > 0 ? [`${grouped(skipped.length)} skipped: see --json`] : []),
  ]
    .join("; ")
    .concat(".");
}

const mostNamed = 5;

function namesOf(models: readonly { readonly provider: string; readonly model: string }[]): string {
  const names = models.slice(0, mostNamed).map(({ provider, model }) => `${provider}/${model}`);
  return `${names.join(", ")}${models.length > mostNamed ? ", ..." : ""}`;
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

function effectText({ effect }: PriceUpdateJson): string {
  const { from, spent_usd: spent, would_have_been_usd: other, models } = effect;
  const since = `Since ${from.slice(0, 10)}, calls cost ${dollars(spent)}`;
  if (models.length === 0) return `${since}; these prices would not change that.\n`;
  const lines = models
    .slice(0, mostNamed)
    .map(
      (one) =>
        `  ${one.provider}/${one.model}: ${dollars(one.spent_usd)}, would have been ${dollars(one.would_have_been_usd)}\n`,
    );
  return `${since}; with these prices, it would have been ${dollars(other)}.\n${lines.join("")}`;
}

function doubtsText({ doubts }: PriceUpdateJson, out: Output): string {
  if (doubts.length === 0) return "";
  const rows = doubts
    .slice(0, mostShown)
    .map(({ kind, provider, model, detail }) => [
      kind,
      [provider, model].filter((name) => name !== null).join("/"),
      detail,
    ]);
  const left = doubts.length - mostShown;
  const columns = [{ title: "doubt" }, { title: "about" }, { title: "detail" }];
  const more = left > 0 ? `... and ${counted(left, "more doubt")}: see --json.\n` : "";
  return `\n${table(columns, rows, { heading: out.paint.dim, room: out.columns })}${more}\n`;
}
