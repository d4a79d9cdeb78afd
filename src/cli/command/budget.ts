/** `purser budget create|list|show|set|delete`; `budget-control.ts` has the rest. */

import type { Command } from "commander";
import type { BudgetDetailJson, BudgetJson } from "../../contract/budget.ts";
import { PurserError } from "../../domain/error.ts";
import { budgetLines, budgetTable, budgetText } from "../budget-text.ts";
import { defineBudgetControls } from "./budget-control.ts";
import { asCalled } from "../called.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import type { Warning } from "../failure.ts";
import { readAll } from "../figures.ts";
import { endedBudget, unknownProviders, writeWarnings } from "../idle.ts";
import { type OptionWords, sameNames } from "../option-words.ts";
import { list, moment, oneOf, shares, type TargetOptions, whole, withTarget } from "../option.ts";
import { printJson, withConnection } from "../session.ts";

const root = "/api/v1/budgets";
const periods = ["once", "hour", "day", "week", "month", "quarter", "year"] as const;
const currencies = ["USD", "tokens", "requests"] as const;

const words: OptionWords = {
  ...sameNames(
    "currency",
    "period",
    "time_zone",
    "anchor",
    "start",
    "end",
    "policy",
    "on_exhausted",
    "ask_timeout",
    "reserve_for_closing",
    "models",
    "providers",
  ),
  budget_id: { option: "--id" },
  budget_type: { option: "--type" },
  resource_id: { option: "--resource" },
  parent_budget_id: { option: "--parent" },
  amount: {
    option: "--amount",
    remedy: "Give a plain decimal such as 1.50, or a whole number of tokens or requests.",
  },
  thresholds: { option: "--warn" },
};

/** If the budget is the argument of the command. */
const named: OptionWords = {
  budget_id: { option: "id", remedy: "`purser budget list` shows the ids." },
  ...sameNames("value"),
};

interface BudgetOptions extends TargetOptions {
  readonly id?: string;
  readonly type?: string;
  readonly resource?: string;
  readonly parent?: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly period?: string;
  readonly timeZone?: string;
  readonly anchor?: number;
  readonly start?: string;
  readonly end?: string;
  readonly policy?: string;
  readonly onExhausted?: string;
  readonly askTimeout?: string;
  readonly reserveForClosing?: string;
  readonly warn?: readonly string[];
  readonly models?: readonly string[];
  readonly providers?: readonly string[];
  readonly value?: string;
}

export function defineBudgetCommand(command: Command, context: CommandContext): void {
  command.addHelpText(
    "after",
    `
Examples:
  purser budget create --id all --type platform --amount 500 --period month
  purser budget create --id atlas --parent all --type team --resource atlas --amount 50 --period day
  purser budget create --id each-user --type user --resource '*' --amount 2 --period day
  purser budget set atlas --amount 80
  purser budget show each-user --value alice`,
  );
  defineCreate(command.command("create").description("Create a budget."), context);
  defineList(command.command("list").description("List all budgets with their figures."), context);
  defineShow(command.command("show").description("Show one budget."), context);
  defineSet(command.command("set").description("Change a budget; other fields are kept."), context);
  defineBudgetControls(command, context);
  defineDelete(
    command.command("delete").description("Delete a budget; its charges stay in the ledger."),
    context,
  );
}

function defineCreate(command: Command, context: CommandContext): void {
  withFields(withTarget(command))
    .requiredOption("--id <id>", "a unique id")
    .requiredOption(
      "--type <type>",
      "platform, org, team, project, task, agent, user, session, capability, operation or tag:NAME",
    )
    .option("--resource <value>", "the value to limit, or * for each value separately")
    .addHelpText(
      "after",
      `
Examples:
  purser budget create --id all --type platform --amount 500 --period month
  purser budget create --id atlas --parent all --type team --resource atlas --amount 50 --period day --warn 0.75,0.95
  purser budget create --id each-user --type user --resource '*' --amount 200000 --currency tokens --period day`,
    )
    .action(async (options: BudgetOptions) => {
      const body = {
        budget_id: options.id,
        budget_type: options.type,
        resource_id: options.resource,
        ...changed(options),
      };
      const made = await withConnection(
        context,
        { target: options, create: true, words },
        async (connection) => ({
          budget: await whileCounting(context, ask(connection, "POST", { path: root, body })),
          warnings: await unknownProviders(context, connection, options.providers),
        }),
      );
      showChanged(made, options, context);
    });
}

function defineList(command: Command, context: CommandContext): void {
  withTarget(command)
    .addHelpText("after", "\nExamples:\n  purser budget list\n  purser budget list --json")
    .action(async (options: TargetOptions) => {
      const budgets = await withConnection(context, { target: options }, (connection) =>
        readAll<BudgetJson>(connection, root),
      );
      if (options.json) return printJson(context, { data: budgets });
      const { out, notes } = context.screen;
      if (budgets.length === 0)
        notes.write(asCalled("There are no budgets yet: see `purser budget create --help`.\n"));
      else out.write(`${budgetTable(budgets, out)}${budgetLines(budgets, out)}`);
    });
}

function defineShow(command: Command, context: CommandContext): void {
  withTarget(command)
    .argument("<id>", "the budget's id")
    .option("--value <value>", "for a budget on every value (*): show the counter of this one")
    .addHelpText(
      "after",
      "\nExamples:\n  purser budget show atlas\n  purser budget show each-user --value alice",
    )
    .action(async (id: string, options: BudgetOptions) => {
      const value =
        options.value === undefined ? "" : `?value=${encodeURIComponent(options.value)}`;
      const path = `${pathOf(id)}${value}`;
      const budget = (await withConnection(
        context,
        { target: options, words: named },
        (connection) => ask(connection, "GET", { path }),
      )) as BudgetDetailJson;
      show(budget, options, context);
    });
}

function defineSet(command: Command, context: CommandContext): void {
  withFields(withTarget(command))
    .argument("<id>", "the budget's id")
    .addHelpText(
      "after",
      "\nExamples:\n  purser budget set atlas --amount 80\n  purser budget set atlas --policy soft --warn 0.5,0.9",
    )
    .action(async (id: string, options: BudgetOptions) => {
      const body = changed(options);
      if (Object.keys(body).length === 0) throw nothingToChange();
      const made = await withConnection(
        context,
        { target: options, words: { ...words, ...named } },
        async (connection) => ({
          budget: await whileCounting(
            context,
            ask(connection, "PATCH", { path: pathOf(id), body }),
          ),
          warnings: await unknownProviders(context, connection, options.providers),
        }),
      );
      showChanged(made, options, context);
    });
}

function defineDelete(command: Command, context: CommandContext): void {
  withTarget(command)
    .argument("<id>", "the budget's id")
    .addHelpText("after", "\nExamples:\n  purser budget delete atlas")
    .action(async (id: string, options: TargetOptions) => {
      await withConnection(context, { target: options, words: named }, (connection) =>
        ask(connection, "DELETE", { path: pathOf(id) }),
      );
      if (options.json) printJson(context, { budget_id: id, deleted: true });
      else context.screen.out.write(`Budget ${id} is deleted.\n`);
    });
}

/** Options that `create` and `set` share. */
function withFields(command: Command): Command {
  return command
    .option(
      "--amount <decimal>",
      "the limit: USD such as 1.50, or a whole number of tokens or requests",
    )
    .option("--currency <unit>", `${currencies.join(", ")} (USD)`, oneOf("--currency", currencies))
    .option("--period <period>", `${periods.join(", ")} (month)`, oneOf("--period", periods))
    .option("--time-zone <name>", "IANA time zone of the windows (UTC)")
    .option(
      "--anchor <n>",
      "start of a window: day of the month, weekday (1 is Monday), hour or minute",
      whole("--anchor", { least: 0, most: 59 }),
    )
    .option("--start <date>", "with --period once: start date or time", moment("--start"))
    .option("--end <date>", "with --period once: end date or time, excluded", moment("--end"))
    .option(
      "--policy <policy>",
      "hard refuses calls, soft only alerts (hard)",
      oneOf("--policy", ["hard", "soft"]),
    )
    .option(
      "--on-exhausted <action>",
      "refuse calls, or ask people for more money while they wait (refuse)",
      oneOf("--on-exhausted", ["refuse", "ask"]),
    )
    .option("--ask-timeout <time>", "with ask: how long calls wait, such as 30m (10m)")
    .option(
      "--reserve-for-closing <decimal>",
      "the part of the amount kept for one closing call of each run",
    )
    .option("--parent <id>", "parent budget, which also counts its calls")
    .option("--warn <shares>", "alert thresholds, such as 0.75,0.95 (0.8,1)", shares("--warn"))
    .option(
      "--models <names>",
      "count only calls to these models; prefixes end in *",
      list("--models"),
    )
    .option("--providers <names>", "count only calls to these providers", list("--providers"));
}

function changed(options: BudgetOptions): Readonly<Record<string, unknown>> {
  const fields: Readonly<Record<string, unknown>> = {
    amount: options.amount,
    currency: options.currency,
    period: options.period,
    time_zone: options.timeZone,
    anchor: options.anchor,
    start: options.start,
    end: options.end,
    policy: options.policy,
    on_exhausted: options.onExhausted,
    ask_timeout: options.askTimeout,
    reserve_for_closing: options.reserveForClosing,
    parent_budget_id: options.parent,
    thresholds: options.warn,
    models: options.models,
    providers: options.providers,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Recounting a budget takes a while in a large ledger. Calls continue meanwhile. */
async function whileCounting(
  context: CommandContext,
  answer: Promise<unknown>,
): Promise<BudgetJson> {
  const timer = setTimeout(
    () =>
      context.screen.notes.write(
        "Counting the cost of its calls in the current window; calls continue.\n",
      ),
    1000,
  );
  return (await answer.finally(() => clearTimeout(timer))) as BudgetJson;
}

interface Changed {
  readonly budget: BudgetJson;
  readonly warnings: readonly Warning[];
}

function showChanged(
  { budget, warnings }: Changed,
  options: TargetOptions,
  context: CommandContext,
): void {
  show(budget, options, context);
  writeWarnings([...warnings, ...endedBudget(budget, Date.now())], options, context);
}

function show(budget: BudgetJson, options: TargetOptions, context: CommandContext): void {
  if (options.json) printJson(context, budget);
  else context.screen.out.write(budgetText(budget, context.screen.out));
}

function pathOf(id: string): string {
  return `${root}/${encodeURIComponent(id)}`;
}

function nothingToChange(): PurserError {
  return new PurserError("invalid_request", "there is nothing to change", {
    field: "--amount",
    remedy: "Set at least one field, such as --amount 80.",
  });
}
