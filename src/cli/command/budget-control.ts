/** `purser budget pause|resume|extend|decline`: what people do with a budget while it runs. */

import type { Command } from "commander";
import type { BudgetJson } from "../../contract/budget.ts";
import { budgetText } from "../budget-text.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { type OptionWords, sameNames } from "../option-words.ts";
import { type TargetOptions, withTarget } from "../option.ts";
import { printJson, withConnection } from "../session.ts";

const words: OptionWords = {
  budget_id: { option: "id", remedy: "`purser budget list` shows the ids." },
  asked_at: { option: "asked-at", remedy: "`purser budget show` has the open question." },
  ...sameNames("value", "reason", "amount"),
};

interface ControlOptions extends TargetOptions {
  readonly amount?: string;
  readonly value?: string;
  readonly reason?: string;
  readonly askedAt?: string;
}

/** A command that posts its options to `/api/v1/budgets/ID/NAME`. */
interface Control {
  readonly name: "pause" | "resume" | "extend" | "decline";
  readonly description: string;
  readonly examples: readonly string[];
}

const controls: readonly Control[] = [
  {
    name: "pause",
    description: "Refuse new calls until the budget is resumed.",
    examples: ['atlas --reason "runaway agent"', "each-user --value alice"],
  },
  {
    name: "resume",
    description: "Accept calls again, also after a threshold paused the budget.",
    examples: ["atlas", "each-user --value alice"],
  },
  {
    name: "extend",
    description: "Add money for the current window only.",
    examples: ["atlas --amount 5", 'each-user --value alice --amount 1.50 --reason "release day"'],
  },
  {
    name: "decline",
    description: "Refuse the calls that wait for more money of the budget.",
    examples: ["atlas", 'each-user --value alice --reason "enough for today"'],
  },
];

export function defineBudgetControls(command: Command, context: CommandContext): void {
  for (const control of controls) {
    const { name, description } = control;
    defineControl(command.command(name).description(description), control, context);
  }
}

function defineControl(
  command: Command,
  { name, examples }: Control,
  context: CommandContext,
): void {
  withTarget(command)
    .argument("<id>", "the budget's id")
    .option("--value <value>", "for a budget on every value (*): only this one")
    .option("--reason <text>", "recorded, and shown with the budget")
    .addHelpText(
      "after",
      `\nExamples:\n${examples.map((one) => `  purser budget ${name} ${one}`).join("\n")}`,
    )
    .action(async (id: string, { amount, value, reason, askedAt, ...target }: ControlOptions) => {
      const given = Object.entries({ amount, value, reason, asked_at: askedAt });
      const body = Object.fromEntries(given.filter(([, one]) => one !== undefined));
      const path = `/api/v1/budgets/${encodeURIComponent(id)}/${name}`;
      const budget = (await withConnection(context, { target, words }, (connection) =>
        ask(connection, "POST", { path, body }),
      )) as BudgetJson;
      if (target.json) printJson(context, budget);
      else context.screen.out.write(budgetText(budget, context.screen.out));
    });
  if (name === "extend" || name === "decline")
    command.option(
      "--asked-at <time>",
      "only if the question of that time is not answered yet, such as 2026-11-29T08:00:00Z",
    );
  if (name === "extend")
    command.requiredOption(
      "--amount <decimal>",
      "how much: USD such as 1.50, or a whole number of tokens or requests",
    );
}
