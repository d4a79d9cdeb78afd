/** `purser price`: prices token counts line by line, with the source of each rate. */

import type { Command } from "commander";
import { add, formatUsd, multiply, zero, type PicoUsd } from "../../domain/money/money.ts";
import {
  countsTokens,
  unpricedSource,
  type Charge,
  type ServiceTier,
} from "../../domain/price/row/rate.ts";
import { hasOutput, hasTools, speaks } from "../../domain/price/ability.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import { billedUnits } from "../../domain/price/unit-price.ts";
import { withoutProvider } from "../../domain/price/text/repeated-provider.ts";
import { formatRow, type PriceText } from "../../domain/price/text/row-text.ts";
import { feeMeters, type Meter, type Usage } from "../../domain/usage/usage.ts";
import type { CommandCatalogue, CommandContext } from "../context.ts";
import { makerOf, providersWith, resolveModel, unpriced } from "../model-name.ts";
import { collect, type FolderOptions, moment, oneOf, whole, withFolder } from "../option.ts";
import { priceSource } from "../price-source.ts";
import { type CountOptions, exampleOf, usageOf, usualCharges } from "../price-usage.ts";
import { regionName, statedText } from "../stated-text.ts";
import { exactDollarColumn, exactDollars, grouped } from "../terminal/number.ts";
import type { Output } from "../terminal/screen.ts";
import { table } from "../terminal/table.ts";

const tiers: readonly ServiceTier[] = ["standard", "batch", "flex", "priority", "fast"];
const mostTokens = { least: 0, most: 1_000_000_000 };

interface PriceOptions extends FolderOptions, CountOptions {
  readonly provider?: string;
  readonly tier: ServiceTier;
  readonly region?: string;
  readonly at?: string;
}

export function definePrice(command: Command, context: CommandContext): void {
  withFolder(command)
    .argument("<model>", "model id, or provider/model")
    .option("--provider <name>", "provider, if the model name does not determine it");
  withTerms(withCounts(command))
    .addHelpText("after", help)
    .action(async (model: string, options: PriceOptions) => {
      const result = priced(await context.parts.openCatalogue(options), { model, options });
      printPrice(result, { options, context });
      if (unpricedMeters(result).length > 0) context.end(1);
    });
}

/** What is counted: tokens, and searches. */
const countOptions = [
  ["--input", "uncached input tokens"],
  ["--cached", "input tokens read from a cache"],
  ["--cache-write-5m", "tokens written to a cache for 5 minutes"],
  ["--cache-write-1h", "tokens written to a cache for an hour"],
  ["--output", "output tokens, reasoning included"],
  [
    "--reasoning",
    "reasoning tokens within the output (billed as output, unless they have a price of their own)",
  ],
  ["--web-search", "billed web searches"],
] as const;

function withCounts(command: Command): Command {
  for (const [name, about] of countOptions)
    command.option(`${name} <n>`, about, whole(name, mostTokens));
  return command.option(
    "--meter <name=n>",
    "count of any other unit, such as images=3; may be repeated",
    collect,
    [],
  );
}

function withTerms(command: Command): Command {
  return command
    .option(
      "--tier <tier>",
      `service tier: ${tiers.join(", ")}`,
      oneOf("--tier", tiers),
      "standard",
    )
    .option("--region <name>", "region in which the call must be processed")
    .option("--at <date>", "price as of this date or time (now)", moment("--at"));
}

const help = `
Counts are disjoint: --input does not include cached tokens. Without counts, it prices a million tokens of input
and of output at the rates of a short context, or one of each unit of a model that is not billed by tokens.
Below the bill, it lists what else the price states: other tokens, tiers, regions, hours, fees and units.
A rate marked "prefix" is inherited from a shorter model name: check it.

Examples:
  purser price gpt-5-mini --input 12000 --cached 8000 --output 900
  purser price anthropic/claude-sonnet-4-5 --input 210000 --output 2000 --tier batch
  purser price my-image-model --provider my-lab --meter images_hd_1024x1792=2
  purser price deepseek-chat --provider deepseek --input 1000 --output 1000 --at 2025-06-01`;

interface Priced {
  readonly provider: string;
  readonly model: string;
  readonly at: number;
  readonly usage: Usage;
  /** Whether the counts are not the user's. */
  readonly isExample: boolean;
  readonly isByUnit: boolean;
  /** The units of a model that is not billed by tokens, if none of them is counted. */
  readonly uncounted: readonly Meter[];
  readonly charges: readonly Charge[];
  /** The tier and the region for which the book has no rates, as asked. */
  readonly lacking: readonly string[];
  /** For a model that was named without its provider. */
  readonly elsewhere: string;
  readonly price: PriceText;
}

function priced(
  catalogue: CommandCatalogue,
  query: { readonly model: string; readonly options: PriceOptions },
): Priced {
  const { options } = query;
  const at = options.at === undefined ? Date.now() : Date.parse(options.at);
  const given = usageOf(options);
  const { provider, model } = resolveModel(catalogue, { ...query, provider: options.provider, at });
  const sheet = catalogue.book.sheet({ provider, model, at });
  if (!sheet)
    throw unpriced(catalogue, {
      model: options.provider === undefined ? `${provider}/${model}` : model,
      provider: options.provider,
      at,
    });
  const byUnit = billedUnits(sheet);
  const usage = given ?? exampleOf(model, byUnit);
  const terms = { serviceTier: options.tier, region: options.region };
  return {
    provider,
    model,
    at,
    usage,
    isExample: given === undefined,
    isByUnit: byUnit.length > 0,
    uncounted: byUnit.some((meter) => usage[meter] !== undefined) ? [] : byUnit,
    charges:
      given === undefined
        ? usualCharges(sheet, usage, { ...terms, at })
        : sheet.charge({ model, usage }, { ...terms, at }),
    lacking: lackingTerms(sheet, options),
    elsewhere: isNamedAlone(query, provider)
      ? elsewhereNote(sheet, { provider, all: providersWith(catalogue, { model, at }) })
      : "",
    price: formatRow(sheet.row),
  };
}

/** The tier, the region or both together, if they have no rates. */
function lackingTerms(sheet: PriceSheet, { tier, region }: PriceOptions): readonly string[] {
  if (sheet.prices({ serviceTier: tier, region })) return [];
  const tierText = `${tier} tier`;
  if (region === undefined) return [tierText];
  const alone = [
    ...(sheet.prices({ serviceTier: tier, region: undefined }) ? [] : [tierText]),
    ...(sheet.prices({ serviceTier: "standard", region }) ? [] : [`region ${region}`]),
  ];
  return alone.length > 0 ? alone : [`${tierText} in region ${region}`];
}

function isNamedAlone(
  { model, options }: { readonly model: string; readonly options: PriceOptions },
  provider: string,
): boolean {
  const isPath = model.startsWith(`${provider}/`) || model.startsWith("bedrock/");
  return options.provider === undefined && !isPath;
}

interface Chosen {
  readonly provider: string;
  /** Every provider that prices the model. */
  readonly all: readonly string[];
}

/** A price of another provider may not be the one that was meant. */
function elsewhereNote({ model, row }: PriceSheet, { provider, all }: Chosen): string {
  const maker = makerOf(model);
  if (maker === provider || row.source === "configuration" || row.source === "api") return "";
  const others = all.filter((one) => one !== provider);
  const named = others.slice(0, mostNamed).join(", ");
  const more = others.length > mostNamed ? ` and ${others.length - mostNamed} more` : "";
  return [
    maker === undefined
      ? ""
      : `The price list has no price of ${maker}/${model}: this is the price of ${provider}/${model}.`,
    others.length === 0
      ? ""
      : `${all.length} providers have a price of this model: ${provider}, shown here, ${named}${more}. Choose one with --provider.`,
  ]
    .filter((note) => note !== "")
    .map((note) => `\n${note}\n`)
    .join("");
}

const mostNamed = 5;

function printPrice(
  result: Priced,
  to: { readonly options: PriceOptions; readonly context: CommandContext },
): void {
  const { out } = to.context.screen;
  if (to.options.json) return out.write(`${JSON.stringify(jsonOf(result), null, 2)}\n`);
  const { bold, dim } = out.paint;
  out.write(
    `${bold(`${result.provider}/${result.model}`)}  ${dim(`as of ${new Date(result.at).toISOString()}, ${termsText(result, to.options)}`)}\n\n`,
  );
  out.write(billText(result, out));
  out.write(prefixNote(result));
  out.write(repeatedNote(result));
  out.write(result.elsewhere);
  out.write(pricedTermsNote(result));
  out.write(unpricedNote(result));
  out.write(uncountedNote(result));
  out.write(statedText(result.price, { shown: shownMeters(result), out }));
}

function billText(result: Priced, out: Output): string {
  const { bold, dim, yellow } = out.paint;
  const { charges } = result;
  const costs = exactDollarColumn([
    ...charges.map(({ cost }) => formatUsd(cost)),
    formatUsd(totalOf(result)),
  ]);
  const rates = exactDollarColumn(charges.map(rateShown));
  const rows = charges.map((charge, index) => [
    charge.meter,
    grouped(charge.quantity),
    isPriced(charge) ? (rates[index] ?? "") : unknown,
    isPriced(charge) ? (costs[index] ?? "") : unknown,
    origin(charge),
    charge.rate?.match === "prefix" ? yellow("prefix") : (charge.rate?.match ?? ""),
  ]);
  const hasUnits = !charges.every(({ meter }) => countsTokens(meter));
  const columns = [
    { title: "meter" },
    { title: "quantity", align: "right" },
    { title: hasUnits ? "USD per million, or unit" : "USD per million", align: "right" },
    { title: "cost", align: "right" },
    { title: "rate from", spare: 1 },
    { title: "match", spare: 2 },
  ] as const;
  // One of each unit adds up to no call.
  const hasTotal = !result.isExample || result.usage.input !== undefined;
  const isWhole = unpricedMeters(result).length === 0;
  const total = bold(isWhole ? (costs.at(-1) ?? exactDollars("0")) : unknown);
  const sum = [bold("total"), "", "", total];
  return table(columns, hasTotal ? [...rows, sum] : rows, { heading: dim, room: out.columns });
}

/** Below the bill: a narrow terminal has no column for it. */
function prefixNote({ charges, provider, model }: Priced): string {
  const inherited = charges.flatMap(({ rate }) => (rate?.match === "prefix" ? [rate.model] : []));
  if (inherited.length === 0) return "";
  const from = [...new Set(inherited)].map((name) => `${provider}/${name}`).join(", ");
  return `\n${provider}/${model} has no price of its own: this is inherited from ${from}, whose name begins the same. Check it.\n`;
}

/** `openai/openai/gpt-4.1`. */
function repeatedNote({ provider, model }: Priced): string {
  const own = withoutProvider(provider, model);
  if (own === undefined) return "";
  return `\n${model} repeats its provider: this is the price of ${provider}/${own}.\n`;
}

/** What the bill shows, or what the model cannot have. */
function shownMeters({ charges, model, isByUnit }: Priced): ReadonlySet<string> {
  return new Set([
    ...charges.map(({ meter }) => meter),
    // Lists repeat the price of the input.
    ...(hasOutput(model) && !speaks(model) ? [] : ["output"]),
    // The book has a fee for every model, so that no search is free.
    ...(hasTools(model) && !isByUnit ? [] : feeMeters),
  ]);
}

const unknown = "unknown";

function totalOf({ charges }: Priced): PicoUsd {
  return charges.reduce((sum, charge) => add(sum, charge.cost), zero);
}

/** A line without a price has the cost 0, which is not what the call costs. */
function isPriced({ rate }: Charge): boolean {
  return rate !== undefined && rate.source !== unpricedSource;
}

function unpricedMeters({ charges }: Priced): readonly string[] {
  return charges.filter((charge) => !isPriced(charge)).map(({ meter }) => meter);
}

function unpricedNote(result: Priced): string {
  const meters = unpricedMeters(result);
  if (meters.length === 0) return "";
  return `\n${result.provider}/${result.model} has no price for ${meters.join(", ")}: what it costs is unknown, which does not mean free.\n`;
}

/** The terms of the rates shown, which may not be those asked for. */
function termsText({ charges, lacking }: Priced, { tier, region }: PriceOptions): string {
  if (lacking.length === 0)
    return `${tier} tier${region === undefined ? "" : `, region ${region}`}`;
  const [rate] = charges.flatMap((charge) => charge.rate ?? []);
  const charged = rate?.region === undefined ? "" : ` in region ${rate.region}`;
  return `rates of the ${rate?.serviceTier ?? "standard"} tier${charged}`;
}

/** What can be asked for instead. */
function pricedTermsNote({ lacking, price, provider, model }: Priced): string {
  if (lacking.length === 0) return "";
  const tiers = ["standard", ...Object.keys(price.service_tiers ?? {})].join(", ");
  const { regions = "included" } = price;
  const named = regions === "included" ? ["any"] : Object.keys(regions).map(regionName);
  return `\n${provider}/${model} has no price for ${lacking.join(" and ")}. Priced tiers: ${tiers}. Priced regions: ${named.join(", ") || "none"}.\n`;
}

/** A bill of tokens is zero for such a model, which is not what a call costs. */
function uncountedNote({ uncounted: [first, ...others], provider, model }: Priced): string {
  if (first === undefined) return "";
  return `\n${provider}/${model} is billed by ${[first, ...others].join(", ")}, not by tokens. Count them: --meter ${first}=1.\n`;
}

/** Source, version, start of validity, and the context size from which the rate applies. */
function origin(charge: Charge): string {
  const rate = charge.rate;
  if (!rate) return "not in the price book";
  if (rate.source === unpricedSource) return "no price, which does not mean free";
  const since = rate.validFrom === undefined ? "" : `, valid from ${rate.validFrom.slice(0, 10)}`;
  const context = rate.context
    ? `, context ${rate.context.inclusive ? "≥" : ">"} ${grouped(rate.context.tokens)}`
    : "";
  return `${priceSource(rate)}${since}${context}`;
}

/** Of a million tokens, or of one of anything else. */
function rateShown(charge: Charge): string {
  return charge.rate && !countsTokens(charge.meter)
    ? formatUsd(charge.rate.perUnit)
    : perMillion(charge);
}

function perMillion(charge: Charge): string {
  return charge.rate ? formatUsd(multiply(charge.rate.perUnit, 1_000_000)) : "0";
}

/** Unknown figures are null. */
function jsonOf(result: Priced): unknown {
  const isWhole = unpricedMeters(result).length === 0;
  return {
    provider: result.provider,
    model: result.model,
    at: new Date(result.at).toISOString(),
    usage: result.usage,
    charges: result.charges.map((charge) => ({
      meter: charge.meter,
      quantity: charge.quantity,
      rate_usd_per_million: isPriced(charge) ? perMillion(charge) : null,
      cost_usd: isPriced(charge) ? formatUsd(charge.cost) : null,
      source: charge.rate?.source ?? null,
      version: charge.rate?.version ?? null,
      valid_from: charge.rate?.validFrom ?? null,
      match: charge.rate?.match ?? null,
      catalogue_model: charge.rate?.model ?? null,
      service_tier: charge.rate?.serviceTier ?? null,
      context_from_tokens: charge.rate?.context?.tokens ?? null,
    })),
    cost_usd: isWhole ? formatUsd(totalOf(result)) : null,
    price: result.price,
  };
}
