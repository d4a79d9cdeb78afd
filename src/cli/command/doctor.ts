/** `purser doctor`: what is wrong with an installation, with a remedy for each finding. */

import type { Command } from "commander";
import { type Finding, inspect } from "../inspect.ts";
import type { CommandContext } from "../context.ts";
import { type JsonOption, whole, withJson } from "../option.ts";
import { printJson } from "../session.ts";
import type { Output } from "../terminal/screen.ts";
import { table } from "../terminal/table.ts";

interface DoctorOptions extends JsonOption {
  readonly data: string;
  readonly config?: string;
  readonly port?: number;
  readonly online?: boolean;
}

export function defineDoctor(command: Command, context: CommandContext): void {
  withJson(command)
    .option("--data <dir>", "data folder", ".purser")
    .option("--config <file>", "configuration (purser.yaml where there is one)")
    .option("--port <n>", "port that the server is to listen on (as configured)", whole("--port", { least: 0, most: 65_535 }))
    .option("--online", "also see whether the configured providers can be reached (no call is made)")
    .addHelpText(
      "after",
      "\nExit code 1: something is wrong. A warning alone is 0.\n\nExamples:\n  purser doctor\n  purser doctor --config purser.yaml --online",
    )
    .action(async (options: DoctorOptions) => {
      const findings = await inspect(options, context);
      const isWell = findings.every((finding) => finding.state !== "wrong");
      if (options.json) printJson(context, { ok: isWell, findings });
      else context.screen.out.write(findingsText(findings, context.screen.out));
      if (!isWell) context.end(1);
    });
}

export function findingsText(findings: readonly Finding[], output: Output): string {
  const { green, yellow, red, cyan, dim } = output.paint;
  const signs = { well: green("✔"), warning: yellow("!"), wrong: red("✘") };
  const rows = findings.flatMap((finding) => [
    [signs[finding.state], finding.subject, finding.message],
    ...(finding.remedy === null ? [] : [["", "", `${cyan("remedy")} ${finding.remedy}`]]),
  ]);
  return table([{ title: "" }, { title: "" }, { title: "" }], rows, { heading: dim });
}
