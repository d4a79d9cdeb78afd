/** `purser prices update`: refreshes the prices from a published list. */

import type { Command } from "commander";
import type { PriceUpdateInput, PriceUpdateJson } from "../../contract/price-update.ts";
import { doubtKinds } from "../../domain/price/update/list-doubt.ts";
import { PurserError } from "../../domain/error.ts";
import { isListName, listNames } from "../../domain/price/update/list-name.ts";
import { nearest } from "../../domain/input/nearest.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { readNamedFile } from "../named-file.ts";
import { list, oneOf, type TargetOptions, withTarget } from "../option.ts";
import type { OptionWords } from "../option-words.ts";
import { outcomeText, updateText } from "../price-update-text.ts";
import { printJson, withConnection } from "../session.ts";

const words: OptionWords = {
  from: { option: "--from" },
  text: { option: "--from" },
  accept: { option: "--accept" },
};

interface UpdateOptions extends TargetOptions {
  readonly from: string;
  readonly check?: boolean;
  readonly accept?: readonly (typeof doubtKinds)[number][];
}

export function definePricesUpdate(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("update the prices from a published list")
    .description("Update the prices from a published list: a download, or a file.")
    .option(
      "--from <source>",
      `a file, a URL, or one of ${listNames.join(", ")}, which are downloaded`,
      "genai-prices",
    )
    .option("--check", "only show what would change")
    .option(
      "--accept <doubts>",
      `accept implausible changes: ${doubtKinds.join(", ")}`,
      acceptedDoubts,
    )
    .addHelpText(
      "after",
      `
Prices that differ are stored together, and apply to calls that begin from then on. No earlier charge changes.
A price that becomes zero or ten times as high or low, a provider without any model, an empty list and an
impossible unit are refused, unless --accept names them. Prices that you set yourself keep precedence.

Examples:
  purser prices update --from genai-prices --check
  purser prices update --from model_prices_and_context_window.json
  purser prices update --from https://prices.example.com/data.json --accept zero`,
    )
    .action(async (options: UpdateOptions) => {
      const body = { ...(await originOf(options.from)), ...accepted(options) };
      const path = `/api/v1/prices/updates${options.check ? "?check=true" : ""}`;
      const standIn = options.check === true;
      const session = { target: options, words, create: !standIn, standIn };
      const update = (await withConnection(context, session, (connection) =>
        ask(connection, "POST", { path, body }),
      )) as PriceUpdateJson;
      const { out } = context.screen;
      if (options.json) printJson(context, update);
      else out.write(`${updateText(update, out)}${outcomeText(update, options)}`);
      if (update.state === "refused") context.end(1);
    });
}

function acceptedDoubts(text: string): readonly (typeof doubtKinds)[number][] {
  return list("--accept")(text).map(oneOf("--accept", doubtKinds));
}

function accepted({ accept }: UpdateOptions): Pick<PriceUpdateInput, "accept"> {
  return accept ? { accept } : {};
}

/** The server downloads; a file is read here, as the server may be on another machine. */
async function originOf(from: string): Promise<PriceUpdateInput> {
  if (isListName(from) || /^https?:/i.test(from)) return { from };
  const text = await readNamedFile(from, "--from", fileRemedy(from));
  if (text.trim() === "")
    throw new PurserError("invalid_request", `--from: ${from} is empty`, {
      field: "--from",
      remedy: `Give a file with a price list, an http or https URL, or one of ${listNames.join(", ")}.`,
    });
  return { text, name: from.slice(-200) };
}

/** What is not a file may be a mistyped name of a list. */
function fileRemedy(from: string): string {
  const near = nearest(from, listNames);
  return near === undefined
    ? `Give the path of a file, an http or https URL, or one of ${listNames.join(", ")}.`
    : `Did you mean ${near}? Otherwise, give the path of a file, or an http or https URL.`;
}
