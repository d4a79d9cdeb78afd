/** `purser correct`: changes the charge of a call that has ended. */

import type { Command } from "commander";
import type { CorrectionInput, CorrectionJson } from "../../contract/entry.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { type OptionWords } from "../option-words.ts";
import { amount, type TargetOptions, whole, withTarget } from "../option.ts";
import { printJson, withConnection } from "../session.ts";

const words: OptionWords = {
  operation_id: {
    option: "operation",
    remedy: "Check the id: it is the x-purser-operation-id of the answer to the call.",
  },
  amount: { option: "--amount" },
  reason: { option: "--reason" },
  attempt: { option: "--attempt" },
  key_id: { option: "--key" },
};

interface CorrectOptions extends TargetOptions {
  readonly amount: string;
  readonly reason: string;
  readonly attempt?: number;
  readonly key?: string;
}

export function defineCorrect(command: Command, context: CommandContext): void {
  withTarget(command)
    .argument("<operation>", "the operation's id, from x-purser-operation-id of the answer")
    .requiredOption("--amount <usd>", "the new charge, such as 0.25", amount("--amount"))
    .requiredOption("--reason <text>", "the reason, recorded in the journal")
    .option(
      "--attempt <n>",
      "the attempt, if the operation has several",
      whole("--attempt", { least: 1, most: 1_000_000_000 }),
    )
    .option("--key <id>", "the key that made the call, if several keys use the id")
    .addHelpText(
      "after",
      `
Budgets and reports are updated. The earlier charge stays in the journal.

Examples:
  purser correct op-17 --amount 0.25 --reason "the provider's invoice of March"
  purser correct op-17 --amount 0 --reason "not billed" --attempt 2`,
    )
    .action(async (operation: string, options: CorrectOptions) => {
      const key = options.key === undefined ? "" : `?key_id=${encodeURIComponent(options.key)}`;
      const path = `/api/v1/entries/${encodeURIComponent(operation)}/correct${key}`;
      const body: CorrectionInput = {
        amount: options.amount,
        reason: options.reason,
        ...(options.attempt !== undefined && { attempt: options.attempt }),
      };
      const made = (await withConnection(context, { target: options, words }, (connection) =>
        ask(connection, "POST", { path, body }),
      )) as CorrectionJson;
      if (options.json) printJson(context, made);
      else context.screen.out.write(correctionText(made));
    });
}

function correctionText({
  operation_id: id,
  cost_usd: now,
  cost_before_usd: before,
  repeated,
}: CorrectionJson): string {
  return repeated
    ? `${id} already has this correction: ${now} USD.\n`
    : `${id} is now charged ${now} USD instead of ${before} USD.\n`;
}
