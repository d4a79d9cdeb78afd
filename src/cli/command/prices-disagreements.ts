/** `purser prices disagreements`: prices on which the sources of the price list disagree. */

import type { Command } from "commander";
import { commonName } from "../../domain/price/id/provider-name.ts";
import type { CommandContext, PriceDisagreement } from "../context.ts";
import { priceSource } from "../price-source.ts";
import { checkProvider, shownProvider } from "../model-name.ts";
import { type JsonOption, withJson } from "../option.ts";
import { printJson } from "../session.ts";
import { counted } from "../terminal/number.ts";
import { table } from "../terminal/table.ts";

interface DisagreementOptions extends JsonOption {
  readonly provider?: string;
}

export function definePricesDisagreements(command: Command, context: CommandContext): void {
  withJson(command)
    .summary("list prices on which the sources disagree")
    .description("List prices on which the sources of the built-in price list disagree.")
    .option("--provider <name>", "only prices of this provider")
    .addHelpText(
      "after",
      `
The first figure is charged, from the source in brackets with its version or the date on which it was read. A list
that only rounds a price does not disagree. Precedence: prices of your own (API, then purser.yaml), updates (newest first),
facts read at the provider's own pages (overlay), then genai-prices and LiteLLM.

Example:
  purser prices disagreements --provider openai`,
    )
    .action(async ({ provider, json }: DisagreementOptions) => {
      const catalogue = await context.parts.openCatalogue();
      if (provider !== undefined) checkProvider(provider, catalogue);
      const found = catalogue
        .disagreements(Date.now())
        .map((one) => ({ ...one, provider: commonName(one.provider) }))
        .filter((one) => provider === undefined || one.provider === shownProvider(provider))
        .filter(({ stated }) => !isRounded(stated))
        .toSorted((left, right) => compare(nameOf(left), nameOf(right)));
      if (json) return printJson(context, { data: found });
      const { out } = context.screen;
      if (found.length === 0) return out.write("The sources agree on these prices.\n");
      const columns = [
        { title: "model" },
        { title: "price" },
        { title: "charged" },
        { title: "other" },
      ];
      const style = { heading: out.paint.dim, room: out.columns };
      out.write(table(columns, found.map(rowOf), style));
      out.write(
        `\n${counted(found.length, "disagreement")}; USD per million tokens, or per unit.\n`,
      );
    });
}

/** Whether the figures are equal in the digits that the shortest of them has. */
function isRounded(stated: PriceDisagreement["stated"]): boolean {
  const figures = stated.map(({ usd }) => Number(usd));
  const [least, most] = [Math.min(...figures), Math.max(...figures)];
  return most - least <= most * 0.000_01;
}

/** Prices of a model keep their order. */
function nameOf({ provider, model }: PriceDisagreement): string {
  return `${provider}/${model}`;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function rowOf({ provider, model, price, stated }: PriceDisagreement): readonly string[] {
  const [first, ...others] = stated.map(
    ({ source, version, usd }) => `${usd} (${priceSource({ source, version })})`,
  );
  return [`${provider}/${model}`, price, first ?? "", others.join(", ")];
}
