/** `purser prices export`: writes the prices in force, to be edited and set. */

import { type Command, Option } from "commander";
import { stringify } from "yaml";
import { PurserError } from "../../domain/error.ts";
import { pricesInForce, type PriceInForce } from "../../domain/price/in-force.ts";
import { didYouMean } from "../../domain/price/similar-models.ts";
import type { CommandCatalogue, CommandContext } from "../context.ts";
import { checkProvider, shownProvider, similarPriced } from "../model-name.ts";
import { type FolderOptions, moment, withFolder } from "../option.ts";
import { isOwn, priceSource } from "../price-source.ts";

interface ExportOptions extends FolderOptions {
  readonly provider?: string;
  readonly model?: string;
  readonly own?: boolean;
  readonly at?: string;
}

export function definePricesExport(command: Command, context: CommandContext): void {
  withFolder(command)
    .summary("write the prices in force")
    .description("Write the prices in force, in the form of purser.yaml.")
    .addOption(new Option("--yaml", "print YAML (the default)").conflicts("json"))
    .option("--provider <name>", "only prices of this provider")
    .option("--model <id>", "only prices of this model, or of those that begin so: 'gpt-4.1*'")
    .option("--own", "only prices of your own, from purser.yaml and the API")
    .option("--at <date>", "prices as of this date or time (now)", moment("--at"))
    .addHelpText(
      "after",
      `
A price that you copy to purser.yaml or add over the API gives the same bills as before, until you edit it.

Examples:
  purser prices export --provider openai > prices.yaml
  purser prices export --provider anthropic --model claude-sonnet-4-5 --json
  purser prices export --own > my-prices.yaml`,
    )
    .action(async (options: ExportOptions) => {
      const catalogue = await context.parts.openCatalogue(options);
      if (options.provider !== undefined) checkProvider(options.provider, catalogue);
      const at = options.at === undefined ? Date.now() : Date.parse(options.at);
      const prices = pricesInForce({ ...catalogue, models: catalogue.models() }, at).filter(
        ({ row, text: { provider, model } }) =>
          (options.provider === undefined ||
            shownProvider(provider) === shownProvider(options.provider)) &&
          (options.model === undefined || isNamed(model, options.model)) &&
          (options.own !== true || isOwn(row)),
      );
      if (prices.length === 0) throw noPrices(options, { catalogue, at });
      const { out } = context.screen;
      out.write(options.json ? jsonOf(prices) : yamlOf(prices, at));
    });
}

/** A prefix finds prices of models and of longer prefixes. */
function isNamed(model: string, wanted: string): boolean {
  return model === wanted || (wanted.endsWith("*") && model.startsWith(wanted.slice(0, -1)));
}

function jsonOf(prices: readonly PriceInForce[]): string {
  return `${JSON.stringify({ prices: prices.map(({ text }) => text) }, null, 2)}\n`;
}

/** Each row with a comment on its source. */
function yamlOf(prices: readonly PriceInForce[], at: number): string {
  const items = prices.map(
    ({ row, text }) =>
      `  # ${priceSource(row)}\n${stringify([text], { lineWidth: 0 }).replace(/^(?=.)/gm, "  ")}`,
  );
  return `# Prices in force at ${new Date(at).toISOString()}: USD per million tokens, and per unit of anything else.\nprices:\n${items.join("")}`;
}

function noPrices(
  { provider, model, own }: ExportOptions,
  { catalogue, at }: { readonly catalogue: CommandCatalogue; readonly at: number },
): PurserError {
  const named = [provider, model].filter((name) => name !== undefined).join("/");
  if (own === true)
    return new PurserError(
      "not_found",
      `no price of your own${named && ` for ${named}`} is in force`,
      {
        field: "--own",
        remedy:
          "Leave out --own for the prices of the list, or add a price in purser.yaml or over the API.",
      },
    );
  const meant = model === undefined ? [] : similarPriced(catalogue, named.replace(/\*$/, ""), at);
  return new PurserError("not_found", `no price of ${named || "any model"} is in force`, {
    field: model === undefined ? "--at" : "--model",
    remedy:
      model === undefined
        ? "Give a later time."
        : `${didYouMean(meant)}Give the model as the price list names it: \`purser price MODEL\` shows its price.`,
  });
}
