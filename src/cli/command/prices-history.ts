/** `purser prices history` and `purser prices revert`: past updates of the prices. */

import type { Command } from "commander";
import type { KeptPriceUpdateJson, RevertedPriceUpdateJson } from "../../contract/price-update.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { readAll } from "../figures.ts";
import { type TargetOptions, withTarget } from "../option.ts";
import type { OptionWords } from "../option-words.ts";
import { printJson, withConnection } from "../session.ts";
import { counted, grouped } from "../terminal/number.ts";
import { table } from "../terminal/table.ts";

const root = "/api/v1/prices/updates";

const words: OptionWords = {
  update_id: { option: "id", remedy: "`purser prices history` shows the ids." },
};

export function definePricesHistory(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("list the updates of the prices")
    .description("List the updates of the prices, newest first.")
    .action(async (options: TargetOptions) => {
      const updates = await withConnection(context, { target: options }, (connection) =>
        readAll<KeptPriceUpdateJson>(connection, root),
      );
      if (options.json) return printJson(context, { data: updates });
      const { out } = context.screen;
      if (updates.length === 0) return out.write("The prices were never updated.\n");
      const columns = [
        { title: "id" },
        { title: "at" },
        { title: "list" },
        { title: "from" },
        { title: "prices", align: "right" },
        { title: "reverted" },
      ] as const;
      const style = { heading: out.paint.dim, room: out.columns };
      out.write(table(columns, updates.map(rowOf), style));
    });
}

export function definePricesRevert(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("end the prices of an update")
    .description(
      "End the prices of an update: those before it apply again. Calls that began before keep their price.",
    )
    .argument("<id>", "the id of the update, from `purser prices history`")
    .action(async (id: string, options: TargetOptions) => {
      const path = `${root}/${encodeURIComponent(id)}/revert`;
      const reverted = (await withConnection(context, { target: options, words }, (connection) =>
        ask(connection, "POST", { path }),
      )) as RevertedPriceUpdateJson;
      if (options.json) return printJson(context, reverted);
      context.screen.out.write(
        reverted.repeated
          ? `${id} was already reverted at ${reverted.reverted_at}.\n`
          : `${id} is reverted: ${endedText(reverted)}.\n`,
      );
    });
}

function rowOf(update: KeptPriceUpdateJson): readonly string[] {
  const { update_id: id, at, source, version, from, prices, reverted_at: revertedAt } = update;
  const reverted = revertedAt === null ? "" : timeText(revertedAt);
  return [id, timeText(at), `${source} ${version}`, from, grouped(prices), reverted];
}

function endedText({ prices, reverted_at: at }: RevertedPriceUpdateJson): string {
  return prices === 0 ? "it had no prices" : `its ${counted(prices, "price")} ended at ${at}`;
}

/** With a space, where a narrow terminal can wrap it: `2026-11-29 03:29:00Z`. */
function timeText(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)}Z`;
}
