/** `purser reconcile`: compares a provider's bill with the ledger. */

import type { Command } from "commander";
import type { ReconciliationJson } from "../../contract/reconciliation.ts";
import { PurserError } from "../../domain/error.ts";
import { parseUsd } from "../../domain/money/money.ts";
import { csvLine, harmless } from "../../domain/table/csv.ts";
import { ask } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { readNamedFile } from "../named-file.ts";
import type { OptionWords } from "../option-words.ts";
import { amount, type TargetOptions, withTarget } from "../option.ts";
import { printJson, withConnection } from "../session.ts";
import type { Output } from "../terminal/screen.ts";
import { grouped } from "../terminal/number.ts";
import { table } from "../terminal/table.ts";

/** Errors of the bill name its file. */
function wordsFor(file: string): OptionWords {
  return { bill: { option: `${file}:` }, provider: { option: "--provider" } };
}

interface ReconcileOptions extends TargetOptions {
  readonly provider?: string;
  readonly csv?: true;
  readonly failOver?: string;
}

export function defineReconcile(command: Command, context: CommandContext): void {
  withTarget(command)
    .argument("<file>", "the bill: JSON of a provider's cost API, or OpenRouter's activity as CSV")
    .option("--provider <name>", "the provider's name in the configuration (that of the bill)")
    .option("--csv", "print CSV")
    .option(
      "--fail-over <usd>",
      "exit code 1 if the residual of a line or of all is larger, up or down",
      amount("--fail-over"),
    )
    .addHelpText(
      "after",
      `
Residuals are the bill minus the ledger, by day (UTC) and model. Nothing is stored.

Examples:
  purser reconcile costs.json
  purser reconcile activity.csv --csv > residuals.csv`,
    )
    .action(async (file: string, options: ReconcileOptions) => {
      if (options.csv && options.json)
        throw new PurserError("invalid_request", "--csv and --json exclude each other", {
          field: "--csv",
          remedy: "Give one of them.",
        });
      const bill = parseBill(await readNamedFile(file, "file"));
      const body = { bill, ...(options.provider !== undefined && { provider: options.provider }) };
      const made = (await withConnection(
        context,
        { target: options, words: wordsFor(file) },
        (connection) => ask(connection, "POST", { path: "/api/v1/reconciliations", body }),
      )) as ReconciliationJson;
      if (isOver(made, options.failOver)) context.end(1);
      if (options.json) return printJson(context, made);
      const { out } = context.screen;
      if (options.csv) return out.draw(csvText(made));
      out.write(reconciliationText(made, out));
    });
}

function isOver({ total, data }: ReconciliationJson, most: string | undefined): boolean {
  if (most === undefined) return false;
  const limit = parseUsd(most, "--fail-over");
  const residuals = [total, ...data].map((line) => parseUsd(line.residual_usd, "residual_usd"));
  return residuals.some((residual) => residual > limit || 0n - residual > limit);
}

/** Text that is not JSON is CSV. */
function parseBill(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new PurserError("invalid_request", `file: ${String(cause)}`, {
      field: "file",
      remedy: "Give the whole answer of the provider's API.",
      cause,
    });
  }
}

type Line = ReconciliationJson["data"][number];

function causesText({ causes }: Line): string {
  return causes.map(({ cause, amount_usd: usd }) => `${cause} ${usd}`).join(", ");
}

function reconciliationText({ total, data, provider }: ReconciliationJson, output: Output): string {
  const figure = { align: "right" } as const;
  const columns = [
    { title: "day" },
    { title: "model" },
    { title: "calls", ...figure, spare: 1 },
    { title: "billed", ...figure },
    { title: "ledger", ...figure },
    { title: "residual", ...figure },
    { title: "causes" },
  ];
  const rows = data.map((line) => [
    line.day,
    line.model ?? "",
    grouped(line.calls),
    line.billed_usd,
    line.ours_usd,
    line.residual_usd,
    causesText(line),
  ]);
  const shown = table(columns, rows, { heading: output.paint.dim, room: output.columns });
  return `${shown}\n${provider} billed ${total.billed_usd} USD; the ledger has ${total.ours_usd} USD: a residual of ${total.residual_usd} USD.\n`;
}

function csvText({ data }: ReconciliationJson): string {
  const rows = data.map((line) => [
    line.day,
    harmless(line.model ?? ""),
    String(line.calls),
    line.billed_usd,
    line.ours_usd,
    line.residual_usd,
    causesText(line),
  ]);
  const header = ["day", "model", "calls", "billed_usd", "ours_usd", "residual_usd", "causes"];
  return [header, ...rows].map(csvLine).join("");
}
