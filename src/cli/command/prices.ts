/** `purser prices`: commands about the whole price book. */

import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { definePricesExport } from "./prices-export.ts";

export function definePrices(command: Command, context: CommandContext): void {
  command.addHelpText(
    "after",
    `
Examples:
  purser prices export --provider openai > prices.yaml`,
  );
  definePricesExport(command.command("export"), context);
}
