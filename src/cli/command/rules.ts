/** `purser rules`: the rules of alerts, tests of them, and acknowledgements. */

import type { Command } from "commander";
import type { AcknowledgedJson, RuleJson, RulesJson, RuleTestJson } from "../../contract/rule.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { type TargetOptions, withTarget } from "../option.ts";
import type { OptionWords } from "../option-words.ts";
import { printJson, withConnection } from "../session.ts";
import { counted } from "../terminal/number.ts";
import { table } from "../terminal/table.ts";

const root = "/api/v1/rules";

const words: OptionWords = {
  rule_id: { option: "rule", remedy: "`purser rules list` shows the ids." },
  value: { option: "--value", remedy: "`purser rules list` shows the alerts." },
  note: { option: "--note" },
};

export function defineRules(command: Command, context: CommandContext): void {
  command.addHelpText(
    "after",
    `
Rules are in purser.yaml, under rules, or set with PUT /api/v1/rules/ID.

Examples:
  purser rules list
  purser rules test big-spender
  purser rules ack big-spender --value ann --note "A migration, ends today"`,
  );
  defineList(command.command("list"), context);
  defineTest(command.command("test"), context);
  defineAck(command.command("ack"), context);
}

function defineList(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("list the rules and their alerts")
    .description("List the rules and their alerts.")
    .action(async (options: TargetOptions) => {
      const { data } = (await request(context, options, { path: root })) as RulesJson;
      if (options.json) return printJson(context, { data });
      const { out } = context.screen;
      if (data.length === 0) return out.write("No rules: add one in purser.yaml.\n");
      const columns = [
        { title: "rule" },
        { title: "fires" },
        { title: "does" },
        { title: "alerts", align: "right" },
        { title: "open", spare: 1 },
      ] as const;
      out.write(table(columns, data.map(rowOf), { heading: out.paint.dim, room: out.columns }));
    });
}

function rowOf(rule: RuleJson): readonly string[] {
  const open = rule.alerts.filter(({ acknowledged }) => acknowledged === null);
  return [
    rule.rule_id,
    conditionOf(rule),
    actionOf(rule),
    String(rule.alerts.length),
    open.map(({ value }) => value).join(", ") || "none",
  ];
}

function conditionOf({ when, budget_id: budget, percent, of, ...rule }: RuleJson): string {
  const amount = `${rule.amount} ${rule.currency}`;
  if (when === "threshold") return `at ${percent}% of ${budget}, ${of}`;
  if (when === "operation_over") return `on a call over ${amount}`;
  if (when === "task_over") return `on a task over ${amount}`;
  if (when === "spend_over") return `on a ${rule.by} over ${amount} in ${rule.window}`;
  return "on a model without a price";
}

function actionOf({ action, models, when, budget_id: budget, by = "task" }: RuleJson): string {
  if (action === "pause")
    return when === "threshold" ? "pauses the budget" : `pauses the ${by} in ${budget}`;
  if (action !== "model") return "notifies";
  const [first, ...others] = Object.entries(models ?? {}).map(([from, to]) => `${from} → ${to}`);
  return others.length === 0 ? `serves ${first}` : `serves ${first} and ${others.length} more`;
}

function defineTest(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("send a test through a rule's notifiers")
    .description("Send a test event through a rule's notifiers, also in quiet hours.")
    .argument("<rule>", "the id of the rule")
    .action(async (rule: string, options: TargetOptions) => {
      const path = `${root}/${encodeURIComponent(rule)}/test`;
      const answer = (await request(context, options, { path, method: "POST" })) as RuleTestJson;
      if (answer.data.some(({ problem }) => problem !== null)) context.end(1);
      if (options.json) return printJson(context, answer);
      for (const { notifier, event_id: id, problem } of answer.data)
        context.screen.out.write(
          problem === null ? `${notifier} delivered the event ${id}.\n` : `${problem}\n`,
        );
    });
}

interface AckOptions extends TargetOptions {
  readonly value?: string;
  readonly note?: string;
}

function defineAck(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("acknowledge alerts of a rule")
    .description("Acknowledge the open alerts of a rule, so that they are not escalated.")
    .argument("<rule>", "the id of the rule")
    .option("--value <value>", "only the alert for this value")
    .option("--note <text>", "why, for the journal")
    .action(async (rule: string, { value, note, ...options }: AckOptions) => {
      const path = `${root}/${encodeURIComponent(rule)}/acknowledge`;
      const body = { value, note };
      const sent = { path, method: "POST", body } as const;
      const answer = (await request(context, options, sent)) as AcknowledgedJson;
      if (options.json) return printJson(context, answer);
      context.screen.out.write(`${counted(answer.count, "alert")} acknowledged.\n`);
    });
}

function request(
  context: CommandContext,
  target: TargetOptions,
  { path, method = "GET", body }: Asked,
): Promise<unknown> {
  return withConnection(context, { target, words }, (connection) =>
    ask(connection, method, { path, ...(body !== undefined && { body }) }),
  );
}

interface Asked {
  readonly path: string;
  readonly method?: "GET" | "POST";
  readonly body?: object;
}
