/** `purser prices disagreements`: prices on which the sources of the price list disagree. */

import type { Command } from "commander";
import { commonName } from "../../domain/price/id/provider-name.ts";
import { PurserError } from "../../domain/error.ts";
import { suggest } from "../../domain/input/nearest.ts";
import type { CommandCatalogue, CommandContext, PriceDisagreement } from "../context.ts";
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
The first figure is charged. Precedence: prices of your own (API, then purser.yaml), updates (newest first),
facts read at the provider's own pages (overlay), then genai-prices and LiteLLM.

Example:
  purser prices disagreements --provider openai`,
    )
    .action(async ({ provider, json }: DisagreementOptions) => {
      const catalogue = await context.parts.openCatalogue();
      if (provider !== undefined) checkProvider(provider, catalogue.models());
      const found = catalogue
        .disagreements(Date.now())
        .map((one) => ({ ...one, provider: commonName(one.provider) }))
        .filter((one) => provider === undefined || one.provider === commonName(provider));
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

/** @throws PurserError `not_found` with the nearest name. */
function checkProvider(name: string, models: ReturnType<CommandCatalogue["models"]>): void {
  const known = [...new Set(models.map(({ provider }) => provider))];
  if (known.includes(commonName(name))) return;
  throw new PurserError("not_found", `no provider "${name}" is in the price list`, {
    field: "--provider",
    remedy: suggest(name, known),
  });
}

function rowOf({ provider, model, price, stated }: PriceDisagreement): readonly string[] {
  const [first, ...others] = stated.map(({ source, usd }) => `${usd} (${source})`);
  return [`${provider}/${model}`, price, first ?? "", others.join(", ")];
}
