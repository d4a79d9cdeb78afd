/** `purser verify`: recomputes every balance from the journal and checks its hash chain. */

import { access } from "node:fs/promises";
import path from "node:path";
import type { Command } from "commander";
import type { VerifyReport } from "../../app/port/reader.ts";
import { PurserError } from "../../domain/error.ts";
import type { CommandContext } from "../context.ts";
import { dataFolder, type FolderOptions, withFolder } from "../option.ts";
import { printJson } from "../session.ts";
import { counted, grouped } from "../terminal/number.ts";
import type { Output } from "../terminal/screen.ts";
import { startProgress } from "../terminal/progress.ts";

/** Findings to print; `--json` has all of them. */
const shownDrift = 20;

export function defineVerify(command: Command, context: CommandContext): void {
  withFolder(command)
    .addHelpText(
      "after",
      `
It is read-only and can run alongside a server. Exit code 1: a figure does not match the journal, or the ledger is damaged.

Examples:
  purser verify
  purser verify --data /var/lib/purser --json`,
    )
    .action(async (options: FolderOptions) => {
      const data = await dataFolder(options, context);
      await access(path.join(data, "ledger.db")).catch(async (cause: unknown) => {
        await context.parts.checkLedger(data);
        throw noLedger(data, cause);
      });
      const progress = startProgress(context.screen.notes, {
        label: "Verifying",
        now: () => performance.now(),
      });
      const report = await context.parts
        .verifyFolder(data, (share) => progress.update(share))
        .finally(() => progress.end());
      if (options.json) printJson(context, jsonOf(report));
      else context.screen.out.write(verifyText(report, context.screen.out));
      if (!report.ok) context.end(1);
    });
}

export function verifyText(report: VerifyReport, output: Output): string {
  const { green, red, cyan } = output.paint;
  const entries = counted(report.entries, "entry", "entries");
  const staged =
    report.staged === 0
      ? ""
      : `  ${grouped(report.staged)} more ${report.staged === 1 ? "is" : "are"} staged and continue${report.staged === 1 ? "s" : ""} the chain: the server books them.\n`;
  if (report.ok)
    return `${green("✔")} ${entries}: the chain is intact, and every balance and roll-up matches the journal.\n${staged}`;
  const broken =
    report.brokenAt === null
      ? []
      : [
          `the chain breaks at entry ${grouped(report.brokenAt)}: it was changed, or an entry before it was removed`,
        ];
  const counters = report.drift.map(
    (row) => `${row.counter}: stored ${row.kept}, the journal gives ${row.journal}`,
  );
  const hours = report.rollupDrift.map(
    (row) => `roll-up of ${row.hour}: stored ${row.kept}, the journal gives ${row.journal}`,
  );
  const damage = report.damage.map((finding) => `the file is damaged: ${finding}`);
  const findings = [...damage, ...broken, ...counters, ...hours];
  const more =
    findings.length > shownDrift
      ? [`and ${grouped(findings.length - shownDrift)} more: --json shows all`]
      : [];
  return [
    `${red("✘")} ${entries}: ${counted(findings.length, "finding")}`,
    ...[...findings.slice(0, shownDrift), ...more].map((line) => `  ${line}`),
    `${cyan("remedy")} Stop the server, keep a copy of the data folder, and restore the last backup that passes verification.`,
    "",
  ].join("\n");
}

function jsonOf(report: VerifyReport): unknown {
  const { ok, entries, staged, damage, brokenAt, drift, rollupDrift } = report;
  return { ok, entries, staged, damage, broken_at: brokenAt, drift, rollup_drift: rollupDrift };
}

function noLedger(data: string, cause: unknown): PurserError {
  return new PurserError("not_found", `there is no ledger in ${path.resolve(data)}`, {
    field: "--data",
    remedy: "Give the data folder with --data, on the machine that has it.",
    cause,
  });
}
