/** `purser notify`: the notifiers of a server, tests of them, and events that were given up. */

import type { Command } from "commander";
import type {
  DeadLettersJson,
  NotifierJson,
  NotifiersJson,
  NotifierTestJson,
  ReplayJson,
} from "../../contract/notifier.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { type TargetOptions, whole, withTarget } from "../option.ts";
import type { OptionWords } from "../option-words.ts";
import { printJson, withConnection } from "../session.ts";
import { counted, grouped } from "../terminal/number.ts";
import { table } from "../terminal/table.ts";

const root = "/api/v1/notifiers";

const words: OptionWords = {
  name: { option: "name" },
  letter_id: { option: "--id", remedy: "`purser notify dead-letters NAME` shows the ids." },
  after: { option: "--after" },
};

export function defineNotify(command: Command, context: CommandContext): void {
  command.addHelpText(
    "after",
    `
Notifiers are in purser.yaml, under notifiers.

Examples:
  purser notify list
  purser notify test ops-chat
  purser notify dead-letters ops-chat
  purser notify replay ops-chat`,
  );
  defineList(command.command("list"), context);
  defineTest(command.command("test"), context);
  defineDeadLetters(command.command("dead-letters"), context);
  defineReplay(command.command("replay"), context);
}

function defineList(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("list the notifiers and whether events arrive")
    .description("List the notifiers and whether events arrive.")
    .action(async (options: TargetOptions) => {
      const answer = (await request(context, options, ["GET", root])) as NotifiersJson;
      if (options.json) return printJson(context, answer);
      const { out } = context.screen;
      if (answer.data.length === 0) return out.write("No notifiers: add one in purser.yaml.\n");
      const columns = [
        { title: "name" },
        { title: "kind" },
        { title: "last delivered" },
        { title: "dead letters", align: "right" },
        { title: "state", spare: 1 },
      ] as const;
      const style = { heading: out.paint.dim, room: out.columns };
      out.write(table(columns, answer.data.map(rowOf), style));
    });
}

function rowOf(notifier: NotifierJson): readonly string[] {
  const { name, kind, last_delivered: last, dead_letters: letters, failing } = notifier;
  const { dropped_letters: gone } = notifier;
  const kept = gone === 0 ? grouped(letters) : `${grouped(letters)} (${grouped(gone)} dropped)`;
  const state = failing === null ? "ok" : `failing since ${failing.since}: ${failing.message}`;
  return [name, kind, last?.at ?? "never", kept, state];
}

function defineTest(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("send a test event")
    .description("Send a test event, also in quiet hours.")
    .argument("<name>", "the name of the notifier")
    .action(async (name: string, options: TargetOptions) => {
      const path = `${root}/${encodeURIComponent(name)}/test`;
      const sent = (await request(context, options, ["POST", path])) as NotifierTestJson;
      if (options.json) printJson(context, sent);
      else context.screen.out.write(`${name} delivered the event ${sent.event_id}.\n`);
    });
}

interface PageOptions extends TargetOptions {
  readonly after?: number;
}

function defineDeadLetters(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("list events that were given up")
    .description("List events that were given up, the oldest first.")
    .argument("<name>", "the name of the notifier")
    .option("--after <id>", "continue after this id", whole("--after", { least: 0, most: 1e15 }))
    .action(async (name: string, options: PageOptions) => {
      const after = options.after === undefined ? "" : `?after=${options.after}`;
      const path = `${root}/${encodeURIComponent(name)}/dead-letters${after}`;
      const page = (await request(context, options, ["GET", path])) as DeadLettersJson;
      if (options.json) return printJson(context, page);
      const { out, notes } = context.screen;
      if (page.data.length === 0) return out.write(`${name} has no dead letters.\n`);
      const columns = [
        { title: "id", align: "right" },
        { title: "given up" },
        { title: "event" },
        { title: "type" },
        { title: "attempts", align: "right" },
        { title: "reason", spare: 1 },
      ] as const;
      const rows = page.data.map(({ letter_id: id, at, event, failure }) => [
        String(id),
        at,
        event.id,
        event.type,
        grouped(failure.attempts),
        failure.message,
      ]);
      out.write(table(columns, rows, { heading: out.paint.dim, room: out.columns }));
      if (page.next_after !== null)
        notes.write(`There are more: add --after ${page.next_after}.\n`);
    });
}

interface ReplayOptions extends TargetOptions {
  readonly id?: number;
}

function defineReplay(command: Command, context: CommandContext): void {
  withTarget(command)
    .summary("send dead letters once more")
    .description("Send dead letters once more, in order, up to the first that fails.")
    .argument("<name>", "the name of the notifier")
    .option("--id <id>", "only this one", whole("--id", { least: 0, most: 1e15 }))
    .action(async (name: string, options: ReplayOptions) => {
      const one = options.id === undefined ? "" : `/${options.id}`;
      const path = `${root}/${encodeURIComponent(name)}/dead-letters${one}/replay`;
      const report = (await request(context, options, ["POST", path])) as ReplayJson;
      if (report.problem !== null) context.end(1);
      if (options.json) return printJson(context, report);
      const { delivered, left, problem } = report;
      const { out, notes } = context.screen;
      out.write(
        `${counted(delivered, "event")} delivered, ${counted(left, "dead letter")} left.\n`,
      );
      if (problem !== null) notes.write(`${problem}\n`);
    });
}

function request(
  context: CommandContext,
  target: TargetOptions,
  [method, path]: readonly ["GET" | "POST", string],
): Promise<unknown> {
  return withConnection(context, { target, words }, (connection) =>
    ask(connection, method, { path }),
  );
}
