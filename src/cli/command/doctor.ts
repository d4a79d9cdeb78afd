/** `purser doctor`: checks an installation and prints a remedy for each problem. */

import type { Command } from "commander";
import { PurserError } from "../../domain/error.ts";
import type { Finding } from "../finding.ts";
import { inspect } from "../inspect.ts";
import type { CommandContext } from "../context.ts";
import { port, type TargetOptions, targetOf, withTarget } from "../option.ts";
import { printJson } from "../session.ts";
import type { Output } from "../terminal/screen.ts";
import { asCalled } from "../called.ts";
import { whileWaiting } from "../terminal/progress.ts";
import { table } from "../terminal/table.ts";

interface DoctorOptions extends TargetOptions {
  readonly config?: string;
  readonly port?: number;
  readonly online?: boolean;
}

export function defineDoctor(command: Command, context: CommandContext): void {
  withTarget(command)
    .option("--port <n>", "port to check (as configured)", port("--port"))
    .option(
      "--online",
      "also request the list of models from each provider, with its key (free, at most 10 s)",
    )
    .addHelpText(
      "after",
      "\nIf a server is running, doctor reports its providers, prices and ledger.\nThe environment of the server counts, not that of this shell.\nExit code 1: there is a problem. Warnings alone give 0.\n\nExamples:\n  purser doctor\n  purser doctor --config purser.yaml --online",
    )
    .action(async (options: DoctorOptions) => {
      const { notes } = context.screen;
      if (options.online && !options.json)
        notes.write(
          "Requesting the list of models from each provider, with its key: no model is called.\n",
        );
      const work = inspectTarget(options, context);
      const findings = await whileWaiting(notes, "Checking", work);
      const isWell = findings.every((finding) => finding.state !== "wrong");
      if (options.json) printJson(context, { ok: isWell, findings });
      else context.screen.out.write(findingsText(findings, context.screen.out));
      if (!isWell) context.end(1);
    });
}

async function inspectTarget(
  options: DoctorOptions,
  context: CommandContext,
): Promise<readonly Finding[]> {
  const target = await targetOf(options, context).catch((error: unknown) => {
    // The check of the configuration reports it.
    if (error instanceof PurserError) return { data: ".purser" };
    throw error;
  });
  return inspect({ ...options, ...target }, context);
}

function findingsText(findings: readonly Finding[], output: Output): string {
  const { green, yellow, red, cyan, dim } = output.paint;
  const signs = { well: green("✔"), warning: yellow("!"), wrong: red("✘") };
  const rows = findings.flatMap((finding) => [
    [signs[finding.state], finding.subject, asCalled(finding.message)],
    ...(finding.remedy === null ? [] : [["", "", `${cyan("remedy")} ${asCalled(finding.remedy)}`]]),
  ]);
  return table([{ title: "" }, { title: "" }, { title: "" }], rows, {
    heading: dim,
    room: output.columns,
  });
}
