/** `purser price`: prices token counts line by line, with the source of each rate. */

import type { Command } from "commander";
import { PurserError } from "../../domain/error.ts";
import { add, formatUsd, multiply, zero } from "../../domain/money/money.ts";
import { unpricedSource, type Charge, type ServiceTier } from "../../domain/price/row/rate.ts";
import { billedUnits } from "../../domain/price/unit-price.ts";
import { formatRow, type PriceText } from "../../domain/price/text/row-text.ts";
import { readMeter } from "../../domain/usage/open-meter.ts";
import { tokenMeters, type Meter, type Usage } from "../../domain/usage/usage.ts";
import type { CommandCatalogue, CommandContext } from "../context.ts";
import { resolveModel, unpriced } from "../model-name.ts";
import { collect, type FolderOptions, moment, oneOf, whole, withFolder } from "../option.ts";
import { priceSource } from "../price-source.ts";
import { statedText } from "../stated-text.ts";
import { exactDollarColumn, exactDollars, grouped } from "../terminal/number.ts";
import { table } from "../terminal/table.ts";

const tiers: readonly ServiceTier[] = ["standard", "batch", "flex", "priority", "fast"];
const mostTokens = { least: 0, most: 1_000_000_000 };
const million: Usage = { input: 1_000_000, output: 1_000_000 };

interface PriceOptions extends FolderOptions {
  readonly provider?: string;
  readonly input?: number;
  readonly cached?: number;
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  readonly output?: number;
  readonly reasoning?: number;
  readonly webSearch?: number;
  readonly meter: readonly string[];
  readonly tier: ServiceTier;
  readonly region?: string;
  readonly at?: string;
}

export function definePrice(command: Command, context: CommandContext): void {
  withFolder(command)
    .argument("<model>", "model id, or provider/model")
    .option("--provider <name>", "provider, if the model name does not determine it")
    .option("--input <n>", "uncached input tokens", whole("--input", mostTokens))
    .option("--cached <n>", "input tokens read from a cache", whole("--cached", mostTokens))
    .option(
      "--cache-write-5m <n>",
      "tokens written to a cache for 5 minutes",
      whole("--cache-write-5m", mostTokens),
    )
    .option(
      "--cache-write-1h <n>",
      "tokens written to a cache for an hour",
      whole("--cache-write-1h", mostTokens),
    )
    .option("--output <n>", "output tokens, reasoning included", whole("--output", mostTokens))
    .option(
      "--reasoning <n>",
      "reasoning tokens within the output (billed as output)",
      whole("--reasoning", mostTokens),
    )
    .option("--web-search <n>", "billed web searches", whole("--web-search", mostTokens))
    .option(
      "--meter <name=n>",
      "count of any other unit, such as images=3; may be repeated",
      collect,
      [],
    )
    .option(
      "--tier <tier>",
      `service tier: ${tiers.join(", ")}`,
      oneOf("--tier", tiers),
      "standard",
    )
    .option("--region <name>", "region in which the call must be processed")
    .option("--at <date>", "price as of this date or time (now)", moment("--at"))
    .addHelpText(
      "after",
      `
Counts are disjoint: --input does not include cached tokens. Without counts, it prices a million tokens of input
and of output, or one of each unit of a model that is not billed by tokens.
Below the bill, it lists what else the price states: other tokens, tiers, regions, hours, fees and units.
A rate marked "prefix" is inherited from a shorter model name: check it.

Examples:
  purser price gpt-5-mini --input 12000 --cached 8000 --output 900
  purser price anthropic/claude-sonnet-4-5 --input 210000 --output 2000 --tier batch
  purser price my-image-model --provider my-lab --meter images_hd_1024x1792=2
  purser price deepseek-chat --provider deepseek --input 1000 --output 1000 --at 2025-06-01`,
    )
    .action(async (model: string, options: PriceOptions) => {
      printPrice(priced(await context.parts.openCatalogue(options), { model, options }), {
        options,
        context,
      });
    });
}

interface Priced {
  readonly provider: string;
  readonly model: string;
  readonly at: number;
  readonly usage: Usage;
  /** Whether the counts are not the user's. */
  readonly isExample: boolean;
  /** The units of a model that is not billed by tokens, if none of them is counted. */
  readonly uncounted: readonly Meter[];
  readonly charges: readonly Charge[];
  /** Whether the book has rates for the tier and the region. */
  readonly hasTerms: boolean;
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
  if (!sheet) throw unpriced(catalogue, { model: `${provider}/${model}`, at });
  const byUnit = billedUnits(sheet);
  const usage = given ?? exampleOf(byUnit);
  const terms = { serviceTier: options.tier, region: options.region };
  return {
    provider,
    model,
    at,
    usage,
    isExample: given === undefined,
    uncounted: byUnit.some((meter) => usage[meter] !== undefined) ? [] : byUnit,
    charges: sheet.charge({ model, usage }, { ...terms, at }),
    hasTerms: sheet.prices(terms),
    price: formatRow(sheet.row),
  };
}

/** What to price if the user gives no counts. */
function exampleOf(units: readonly Meter[]): Usage {
  return units.length === 0 ? million : Object.fromEntries(units.map((meter) => [meter, 1]));
}

/** @returns undefined without any count. */
function usageOf(options: PriceOptions): Usage | undefined {
  const given: Usage = {
    ...(options.input !== undefined && { input: options.input }),
    ...(options.cached !== undefined && { cache_read: options.cached }),
    ...(options.cacheWrite5m !== undefined && { cache_write_5m: options.cacheWrite5m }),
    ...(options.cacheWrite1h !== undefined && { cache_write_1h: options.cacheWrite1h }),
    ...(options.webSearch !== undefined && { web_search: options.webSearch }),
  };
  const { reasoning } = options;
  if (reasoning !== undefined && options.output !== undefined && reasoning > options.output) {
    throw new PurserError("invalid_request", "--reasoning is larger than --output", {
      field: "--reasoning",
      remedy: "Reasoning is part of the output: include the reasoning tokens in --output.",
    });
  }
  const output = options.output ?? reasoning;
  const usage = {
    ...given,
    ...(output !== undefined && { output }),
    ...(reasoning !== undefined && { reasoning }),
    ...Object.fromEntries(options.meter.map(countOf)),
  };
  return Object.keys(usage).length > 0 ? usage : undefined;
}

/** Parses `images=3`. */
function countOf(text: string): readonly [Meter, number] {
  const [, name = "", count = ""] = /^([^=]*)=(\d{1,9})$/.exec(text) ?? [];
  if (name === "")
    throw new PurserError("invalid_request", `--meter: "${text}" is not a count`, {
      field: "--meter",
      remedy: "Give a name and a whole number, such as images=3.",
    });
  return [readMeter(name, "--meter"), Number(count)];
}

function printPrice(
  result: Priced,
  to: { readonly options: PriceOptions; readonly context: CommandContext },
): void {
  const { out } = to.context.screen;
  const total = result.charges.reduce((sum, charge) => add(sum, charge.cost), zero);
  if (to.options.json)
    return out.write(`${JSON.stringify(jsonOf(result, formatUsd(total)), null, 2)}\n`);
  const { bold, dim, yellow } = out.paint;
  out.write(
    `${bold(`${result.provider}/${result.model}`)}  ${dim(`as of ${new Date(result.at).toISOString()}, ${termsText(result, to.options)}`)}\n\n`,
  );
  const costs = exactDollarColumn([
    ...result.charges.map((charge) => formatUsd(charge.cost)),
    formatUsd(total),
  ]);
  const hasUnits = !result.charges.every(isPerMillion);
  const rates = exactDollarColumn(result.charges.map(rateShown));
  const rows = result.charges.map((charge, index) => [
    charge.meter,
    grouped(charge.quantity),
    rates[index] ?? "",
    costs[index] ?? "",
    origin(charge),
    charge.rate?.match === "prefix"
      ? yellow(`prefix of ${charge.rate.model}: check it`)
      : (charge.rate?.match ?? ""),
  ]);
  const columns = [
    { title: "meter" },
    { title: "quantity", align: "right" },
    { title: hasUnits ? "USD per million, or unit" : "USD per million", align: "right" },
    { title: "cost", align: "right" },
    { title: "rate from", spare: 1 },
    { title: "match", spare: 2 },
  ] as const;
  // One of each unit adds up to no call.
  const hasTotal = !result.isExample || result.usage === million;
  const sum = [bold("total"), "", "", bold(costs.at(-1) ?? exactDollars("0"))];
  out.write(table(columns, hasTotal ? [...rows, sum] : rows, { heading: dim, room: out.columns }));
  out.write(longContextNote(result));
  out.write(uncountedNote(result));
  const shown = new Set(result.charges.map(({ meter }) => meter));
  out.write(statedText(result.price, { shown, out }));
}

/** The terms of the rates shown, which may not be those asked for. */
function termsText({ charges, hasTerms }: Priced, { tier, region }: PriceOptions): string {
  const asked = `${tier} tier${region === undefined ? "" : `, region ${region}`}`;
  if (hasTerms) return asked;
  const [rate] = charges.flatMap((charge) => charge.rate ?? []);
  const charged = [rate?.serviceTier ?? "standard", rate?.region ?? []].flat().join(", ");
  return `no price for ${asked}: ${charged} rates`;
}

/** The default of a million input tokens is a long context, which the user may not expect. */
function longContextNote({ usage, charges }: Priced): string {
  const context = charges.find((charge) => charge.rate?.context !== undefined)?.rate?.context;
  if (usage !== million || context === undefined) return "";
  return `\nThese rates apply to contexts above ${grouped(context.tokens)} tokens. For a shorter context, give counts: --input 1000 --output 1000.\n`;
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
  return charge.rate && !isPerMillion(charge) ? formatUsd(charge.rate.perUnit) : perMillion(charge);
}

function isPerMillion({ meter }: Charge): boolean {
  const counted: ReadonlySet<string> = tokenMeters;
  return meter === "reasoning" || counted.has(meter);
}

function perMillion(charge: Charge): string {
  return charge.rate ? formatUsd(multiply(charge.rate.perUnit, 1_000_000)) : "0";
}

function jsonOf(result: Priced, total: string): unknown {
  return {
    provider: result.provider,
    model: result.model,
    at: new Date(result.at).toISOString(),
    usage: result.usage,
    charges: result.charges.map((charge) => ({
      meter: charge.meter,
      quantity: charge.quantity,
      rate_usd_per_million: perMillion(charge),
      cost_usd: formatUsd(charge.cost),
      source: charge.rate?.source ?? null,
      version: charge.rate?.version ?? null,
      valid_from: charge.rate?.validFrom ?? null,
      match: charge.rate?.match ?? null,
      catalogue_model: charge.rate?.model ?? null,
      service_tier: charge.rate?.serviceTier ?? null,
      context_from_tokens: charge.rate?.context?.tokens ?? null,
    })),
    cost_usd: total,
    price: result.price,
  };
}
