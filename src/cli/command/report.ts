/** `purser report`: what was spent, by group and time, and what budgets refused. */

import { type Command, Option } from "commander";
import type { SeriesJson } from "../../contract/series.ts";
import { PurserError } from "../../domain/error.ts";
import { csvLine, harmless } from "../../domain/table/csv.ts";
import { countContext, countUnits, type Usage } from "../../domain/usage/usage.ts";
import type { CommandContext } from "../context.ts";
import { readFigures, withKeyNames } from "../figures.ts";
import { groupTable } from "../group-table.ts";
import { sameNames } from "../option-words.ts";
import {
  filtersOf,
  list,
  moment,
  startMoment,
  oneOf,
  type TargetOptions,
  whole,
  withFilter,
  withTarget,
} from "../option.ts";
import { questionCsv, questionText } from "../question-text.ts";
import { askQuestion, questionOption, type QuestionOptions, questionWords } from "../question.ts";
import { readRefused, refusedText } from "../refused-text.ts";
import { printJson, withConnection } from "../session.ts";
import { counted, dollars, grouped } from "../terminal/number.ts";
import type { Output } from "../terminal/screen.ts";
import { unpricedText } from "../unpriced-text.ts";

const words = sameNames("from", "to", "by");

type Format = "table" | "json" | "csv";

interface ReportOptions extends TargetOptions, QuestionOptions {
  readonly include?: "simulator";
  readonly format: Format;
  readonly csv?: true;
  readonly top?: number;
  readonly refused?: true;
}

const usualTop = 20;
const usualBy: readonly string[] = ["project", "model"];

export function defineReport(command: Command, context: CommandContext): void {
  withFilter(withRange(withTarget(command)))
    .addOption(
      new Option(
        "--by <names>",
        "hour, day, week or month for a time axis; org, team, project, task, agent, user, ..., tag:NAME, provider, model, status for groups",
      )
        .argParser(list("--by"))
        .default(usualBy, "project,model"),
    )
    .option("--metrics <names>", "columns, such as cost,calls,latency_p95", list("--metrics"))
    .option("--sort <metric>", "order of the groups: a metric, or METRIC:asc (cost)")
    .option("--compare [with]", "compare with the range before: previous or previous_whole")
    .option("--currency <code>", "show amounts in another currency, such as EUR")
    .option(
      "--include <calls>",
      "simulator: include its calls, too",
      oneOf("--include", ["simulator"]),
    )
    .option(
      "--format <format>",
      "table, json or csv",
      oneOf("--format", ["table", "json", "csv"]),
      "table",
    )
    .option("--csv", "print CSV, like --format csv")
    .option("--refused", "list the calls that budgets refused instead, newest first")
    .option(
      "--top <n>",
      `number of groups, or refused calls, in a table (${usualTop})`,
      whole("--top", { least: 1, most: 10_000 }),
    )
    .addHelpText(
      "after",
      `
Tables round amounts; --json and csv are exact. Calls without a value are "unattributed". A date means midnight UTC.

Examples:
  purser report --by team
  purser report --by day --last 7d
  purser report --by month,model --from 2026-01-01 --time-zone Europe/Berlin
  purser report --month --compare --by team --filter provider=openai
  purser report --last 24h --by model --metrics cost,latency_p95 --sort latency_p95
  purser report --by user,tag:customer --csv > spend.csv
  purser report --refused --from 2026-11-01`,
    )
    .action(async (options: ReportOptions) => {
      checkRange(options, Date.now());
      const format = formatOf(options);
      if (options.refused) return reportRefused({ ...options, format }, context);
      if (questionOption(options) !== undefined)
        return reportQuestion({ ...options, format }, context);
      await reportSums({ ...options, format }, context);
    });
}

function withRange(command: Command): Command {
  return command
    .option(
      "--from <date>",
      "start date or time, or epoch for the last epoch (default: everything)",
      startMoment("--from"),
    )
    .option("--to <date>", "end date or time, excluded (now)", moment("--to"))
    .option("--last <length>", "until now: 24h, 7d, 4w or 3m")
    .option("--today", "since midnight")
    .option("--week", "since Monday")
    .option("--month", "since the first of the month")
    .option("--time-zone <name>", "IANA name of the zone of days, weeks and months (UTC)");
}

/** @throws PurserError `invalid_request` for two formats. */
function formatOf({ csv: isCsv, json, format }: ReportOptions): Format {
  if (isCsv && (json || format === "json")) {
    const other = json ? "--json" : "--format json";
    throw new PurserError("invalid_request", `--csv and ${other} exclude each other`, {
      field: "--csv",
      remedy: "Give one format.",
    });
  }
  return json ? "json" : isCsv ? "csv" : format;
}

async function reportSums(options: ReportOptions, context: CommandContext): Promise<void> {
  const figures = await withConnection(context, { target: options, words }, (connection) =>
    readFigures(connection, options),
  );
  const { out, notes } = context.screen;
  if (options.format === "json") return printJson(context, figures);
  const named = withKeyNames(figures);
  const { by, top = usualTop } = options;
  if (options.format === "table")
    return out.write(reportText(named, { by, top, isRanged: isRanged(options), output: out }));
  out.draw(csv(named, by));
  notes.write(unpricedText(figures.unpriced, notes.paint));
}

/** What needs more than the sums of a range: a time axis, filters, an order, a comparison. */
async function reportQuestion(options: ReportOptions, context: CommandContext): Promise<void> {
  const { format, top = mostGroups[format], filter, include } = options;
  const { report, unpriced } = await withConnection(
    context,
    { target: options, words: questionWords },
    async (connection) => {
      const report = await askQuestion(connection, options, top);
      if (format === "json") return { report, unpriced: [] };
      const { from, to } = report;
      const range = { from, to, by: [], include, filters: filtersOf(filter) };
      return { report, unpriced: (await readFigures(connection, range)).unpriced };
    },
  );
  const { out, notes } = context.screen;
  if (format === "json") return printJson(context, report);
  if (format === "table")
    return out.write(questionText(report, out) + unpricedText(unpriced, out.paint));
  out.draw(questionCsv(report));
  notes.write(unpricedText(unpriced, notes.paint));
}

const mostGroups: Readonly<Record<Format, number>> = { table: usualTop, csv: 10_000, json: 1000 };

/** An option that a list of refused calls does not follow, as it is written. */
function otherOption({ by, include }: ReportOptions): string | undefined {
  if (by.join() !== usualBy.join()) return `--by ${by.join(",")}`;
  return include === undefined ? undefined : `--include ${include}`;
}

async function reportRefused(options: ReportOptions, context: CommandContext): Promise<void> {
  const asked = questionOption(options) ?? otherOption(options);
  if (asked !== undefined)
    throw new PurserError("invalid_request", `${asked} cannot be combined with --refused`, {
      field: asked.split(" ")[0] ?? asked,
      remedy: "Leave one of them out; --from and --to limit refused calls to a range.",
    });
  if (options.format === "csv")
    throw new PurserError("invalid_request", "--refused does not support CSV", {
      field: "--format",
      remedy: "Use table or json.",
    });
  const refused = await withConnection(context, { target: options, words }, (connection) =>
    readRefused(connection, { ...options, top: options.top ?? usualTop }),
  );
  if (options.format === "json")
    return printJson(context, { data: refused.calls, has_more: refused.hasMore });
  context.screen.out.write(
    refusedText(refused, { output: context.screen.out, isRanged: isRanged(options) }),
  );
}

function isRanged({ from, to }: Pick<ReportOptions, "from" | "to">): boolean {
  return from !== undefined || to !== undefined;
}

/** @throws PurserError `invalid_request` for a range that ends before it begins. */
export function checkRange({ from, to }: Pick<ReportOptions, "from" | "to">, now: number): void {
  if (from === undefined || from === "epoch") return;
  if (Date.parse(from) < (to === undefined ? now : Date.parse(to))) return;
  const [problem, remedy] =
    to === undefined
      ? ["is in the future", "Give a date in the past."]
      : [`is not before --to ${to}`, "Give an earlier date, or a later --to."];
  throw new PurserError("invalid_request", `--from ${from} ${problem}`, {
    field: "--from",
    remedy,
  });
}

export interface ReportTextOptions {
  readonly by: readonly string[];
  readonly top: number;
  /** Whether the user gave a range of time. */
  readonly isRanged?: boolean;
  readonly output: Output;
}

/** Totals, the groups with their share of the spend, and the calls without a known price. */
export function reportText(figures: SeriesJson, options: ReportTextOptions): string {
  const { paint } = options.output;
  const { total } = figures;
  const refusals = total.refusals > 0 ? `, ${grouped(total.refusals)} refused` : "";
  const charges = total.charges > 0 ? `, ${counted(total.charges, "charge")}` : "";
  const released = total.released > 0 ? `, ${grouped(total.released)} ended without a charge` : "";
  const heading = `${paint.bold(dollars(total.cost_usd))}  ${counted(total.calls, "call")}${charges}${released}${refusals}, ${tokensText(total.usage)}${unitsText(total.usage)}\n`;
  const unpriced = unpricedText(figures.unpriced, paint);
  if (options.by.length === 0 || figures.groups.length === 0)
    return `${heading}${total.calls + total.charges + total.released + total.refusals === 0 ? paint.dim(options.isRanged ? "No calls in this range.\n" : "No calls.\n") : unpriced}`;
  const shown = figures.groups.slice(0, options.top);
  const left = figures.groups.length - shown.length;
  const rest =
    left > 0
      ? paint.dim(`and ${counted(left, "more group")}: --top ${figures.groups.length} shows all\n`)
      : "";
  return `${heading}\n${groupTable(shown, { ...options, whole: total.cost_usd })}${rest}${unpriced}`;
}

function tokensText(usage: Usage): string {
  const cached = usage.cache_read ?? 0;
  const ofCache = cached > 0 ? ` (${grouped(cached)} from cache)` : "";
  return `${counted(countContext(usage), "input token")}${ofCache}, ${counted(usage.output ?? 0, "output token")}`;
}

/** Units other than tokens: the meters with the largest counts. */
function unitsText(usage: Usage): string {
  const units = Object.entries(countUnits(usage)).sort(([, left], [, right]) => right - left);
  const more = units.length - shownUnits;
  const shown = units.slice(0, shownUnits).map(([meter, count]) => `, ${grouped(count)} ${meter}`);
  return `${shown.join("")}${more > 0 ? ` and ${grouped(more)} more` : ""}`;
}

const shownUnits = 3;

/** A cell that a spreadsheet would run as a formula is prefixed with an apostrophe. */
export function csv(figures: SeriesJson, by: readonly string[]): string {
  const header = [
    ...by,
    "calls",
    "refusals",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "charges",
  ];
  const rows = figures.groups.map((group) => [
    ...by.map((key) => harmless(group.group[key] ?? "unattributed")),
    String(group.calls),
    String(group.refusals),
    String(countContext(group.usage)),
    String(group.usage.output ?? 0),
    group.cost_usd,
    String(group.charges),
  ]);
  return [header, ...rows].map(csvLine).join("");
}
