/** `purser prices`: commands about the whole price book. */

import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { definePricesDisagreements } from "./prices-disagreements.ts";
import { definePricesExport } from "./prices-export.ts";
import { definePricesHistory, definePricesRevert } from "./prices-history.ts";
import { definePricesUpdate } from "./prices-update.ts";

export function definePrices(command: Command, context: CommandContext): void {
  command.addHelpText(
    "after",
    `
Examples:
  purser prices update --from genai-prices --check
  purser prices history
  purser prices export --provider openai > prices.yaml`,
  );
  definePricesUpdate(command.command("update"), context);
  definePricesHistory(command.command("history"), context);
  definePricesRevert(command.command("revert"), context);
  definePricesDisagreements(command.command("disagreements"), context);
  definePricesExport(command.command("export"), context);
}
