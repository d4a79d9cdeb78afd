/** `purser epoch`: figures restart from zero, and nothing is deleted. */

import type { Command } from "commander";
import type { EpochJson, EpochsJson } from "../../contract/epoch.ts";
import { PurserError } from "../../domain/error.ts";
import { asCalled } from "../called.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { type TargetOptions, withTarget } from "../option.ts";
import type { OptionWords } from "../option-words.ts";
import { printJson, withConnection } from "../session.ts";
import { table } from "../terminal/table.ts";

const root = "/api/v1/epochs";

const words: OptionWords = {
  name: { option: "--name" },
  note: { option: "--note" },
  attribution: { option: "--for" },
};

export function defineEpoch(command: Command, context: CommandContext): void {
  command.addHelpText(
    "after",
    `
A report with --from epoch begins at the last epoch that applies to its filter. Earlier figures can
still be read, and budgets are not affected.

Examples:
  purser epoch start --name "after the pilot"
  purser epoch start --for project=p1 --note "handed over"
  purser report --from epoch --filter project=p1`,
  );
  defineStart(command.command("start"), context);
  defineList(command.command("list"), context);
}

interface StartOptions extends TargetOptions {
  readonly name?: string;
  readonly note?: string;
  readonly for: readonly string[];
}

function defineStart(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("restart figures from zero")
    .description("Restart figures from zero without deleting anything.")
    .option("--name <name>", "a name to recognise it by")
    .option(
      "--for <dimension=value>",
      "only the figures of this value; repeatable (default: all)",
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option("--note <text>", "why, for the journal")
    .action(async ({ name, note, for: scope, ...options }: StartOptions) => {
      const body = { name, note, attribution: attributionOf(scope) };
      const epoch = (await withConnection(context, { target: options, words }, (connection) =>
        ask(connection, "POST", { path: root, body }),
      )) as EpochJson;
      if (options.json) return printJson(context, epoch);
      context.screen.out.write(`${epoch.epoch_id} began at ${epoch.started_at}.\n`);
    });
}

function defineList(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("list the epochs")
    .description("List the epochs, the oldest first.")
    .action(async (options: TargetOptions) => {
      const { data } = (await withConnection(context, { target: options, words }, (connection) =>
        ask(connection, "GET", { path: root }),
      )) as EpochsJson;
      if (options.json) return printJson(context, { data });
      const { out } = context.screen;
      if (data.length === 0)
        return out.write(asCalled("No epochs: start one with `purser epoch start`.\n"));
      const columns = [
        { title: "epoch" },
        { title: "began" },
        { title: "name" },
        { title: "for", spare: 1 },
      ] as const;
      out.write(table(columns, data.map(rowOf), { heading: out.paint.dim, room: out.columns }));
    });
}

function rowOf({ epoch_id: id, started_at: at, name, attribution }: EpochJson): readonly string[] {
  const { tags = {}, ...values } = attribution;
  const scope = [
    ...Object.entries(values).map(([dimension, value]) => `${dimension}=${value}`),
    ...Object.entries(tags).map(([tag, value]) => `tag:${tag}=${value}`),
  ];
  return [id, at, name ?? "", scope.join(", ") || "all calls"];
}

/** `project=p1` and `tag:customer=acme`, as an attribution. */
function attributionOf(scope: readonly string[]): Readonly<Record<string, unknown>> {
  const pairs = scope.map((text) => {
    const [, name = "", value = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name !== "") return [name, value] as const;
    throw new PurserError("invalid_request", `--for ${text} is not DIMENSION=VALUE`, {
      field: "--for",
      remedy: "Give a dimension and a value, such as project=p1.",
    });
  });
  const tags = pairs.flatMap(([name, value]) =>
    name.startsWith("tag:") ? [[name.slice(4), value] as const] : [],
  );
  const values = pairs.filter(([name]) => !name.startsWith("tag:"));
  return {
    ...Object.fromEntries(values),
    ...(tags.length > 0 && { tags: Object.fromEntries(tags) }),
  };
}
