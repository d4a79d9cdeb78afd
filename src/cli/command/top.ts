/** `purser top`: shows calls, spend and budgets live. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import type { BudgetDetailJson, BudgetJson } from "../../contract/budget.ts";
import type { SeriesJson } from "../../contract/series.ts";
import { budgetLines, budgetTable, usedShare } from "../budget-text.ts";
import { ask, type Connection } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { readAll, readFigures, withKeyNames } from "../figures.ts";
import { groupTable } from "../group-table.ts";
import { list, oneOf, type TargetOptions, whole, withTarget } from "../option.ts";
import { printJson, withConnection } from "../session.ts";
import { abortOnSignal } from "../signal.ts";
import { onEndKey } from "../terminal/keys.ts";
import { counted, dollars, grouped } from "../terminal/number.ts";
import { liveBlock, type Output } from "../terminal/screen.ts";
import { unpricedText } from "../unpriced-text.ts";

interface TopOptions extends TargetOptions {
  readonly by: readonly string[];
  readonly minutes: number;
  readonly include?: "simulator";
  readonly once?: boolean;
}

export interface Snapshot {
  readonly at: string;
  readonly where: string;
  /** Figures of the last minute. */
  readonly minute: SeriesJson;
  /** Figures of the last `minutes`, by group. */
  readonly recent: SeriesJson;
  readonly openHolds: number | null;
  /** Closest to their limits first. */
  readonly budgets: readonly BudgetJson[];
  /** Those that ask people for more money. */
  readonly asking: readonly BudgetJson[];
  /** Budgets for every value of which some values are paused. */
  readonly pausing: readonly BudgetJson[];
}

const refreshMs = 1000;
const shownBudgets = 6;
const shownGroups = 8;
/** At most this many counters of a `*` budget are shown. */
const countersEach = 3;

export function defineTop(command: Command, context: CommandContext): void {
  withTarget(command)
    .addOption(
      new Option("--by <dimensions>", "group by these")
        .argParser(list("--by"))
        .default(["team", "model"], "team,model"),
    )
    .option(
      "--minutes <n>",
      "range of the groups, in minutes",
      whole("--minutes", { least: 1, most: 44_640 }),
      60,
    )
    .option(
      "--include <calls>",
      "simulator: include its calls, too",
      oneOf("--include", ["simulator"]),
    )
    .option("--once", "print once and exit (the default without a terminal)")
    .addHelpText(
      "after",
      "\nExamples:\n  purser top\n  purser top --by agent --minutes 10\n  purser top --once --json",
    )
    .action((options: TopOptions) => {
      const { out } = context.screen;
      return withConnection(
        context,
        { target: options, isWatch: out.live && !options.once && options.json !== true },
        async (connection) => {
          if (options.json) return printJson(context, await readSnapshot(connection, options));
          if (options.once || !out.live)
            return out.write(
              snapshotText(await readSnapshot(connection, options), { ...options, output: out }),
            );
          return watch(connection, options, out);
        },
      );
    });
}

async function watch(connection: Connection, options: TopOptions, output: Output): Promise<void> {
  const interruption = abortOnSignal();
  const { signal } = interruption;
  const keys = onEndKey(process.stdin, () => interruption.abort());
  const block = liveBlock(output);
  const ended = new Promise<null>((resolve) =>
    signal.addEventListener("abort", () => resolve(null)),
  );
  try {
    while (!signal.aborted) {
      const snapshot = await Promise.race([readSnapshot(connection, options), ended]);
      if (snapshot === null) break;
      block.draw(
        `${snapshotText(snapshot, { ...options, output })}${output.paint.dim("Press q or Ctrl-C to quit.")}\n`,
      );
      await Promise.race([sleep(refreshMs, undefined, { ref: false }), ended]);
    }
  } finally {
    block.end("keep");
    keys.release();
    interruption.release();
  }
}

export interface SnapshotOptions {
  readonly by: readonly string[];
  readonly minutes: number;
  readonly include?: "simulator" | undefined;
}

export async function readSnapshot(
  connection: Connection,
  options: SnapshotOptions,
): Promise<Snapshot> {
  const now = Date.now();
  const { include } = options;
  const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
  const [minute, recent, openHolds, all] = await Promise.all([
    readFigures(connection, { from: ago(1), by: [], include }),
    readFigures(connection, { from: ago(options.minutes), by: options.by, include }),
    readOpenHolds(connection),
    readAll<BudgetJson>(connection, "/api/v1/budgets"),
  ]);
  return {
    at: new Date(now).toISOString(),
    where: connection.where,
    minute,
    recent,
    openHolds,
    budgets: await nearest(connection, all),
    asking: all.filter(({ approval }) => approval !== null),
    pausing: all.filter(({ paused_values: values }) => values.length > 0),
  };
}

export function snapshotText(
  snapshot: Snapshot,
  view: SnapshotOptions & { readonly output: Output },
): string {
  const { output } = view;
  const { bold, dim } = output.paint;
  const { minute } = snapshot;
  const recent = withKeyNames(snapshot.recent);
  const rate = (minute.total.calls / 60).toFixed(minute.total.calls < 600 ? 1 : 0);
  const holds = snapshot.openHolds === null ? "" : `   ${counted(snapshot.openHolds, "open hold")}`;
  const refused =
    minute.total.refusals > 0 ? `   ${grouped(minute.total.refusals)} refused/min` : "";
  const head = `${bold("Purser")} ${dim(`${snapshot.where}  ${snapshot.at.slice(0, 19)}Z`)}\n${grouped(rate)} calls/s   ${dollars(minute.total.cost_usd)}/min${holds}${refused}   ${dim("over the last minute")}\n`;
  const budgets =
    snapshot.budgets.length > 0
      ? `\n${dim("Budgets closest to their limits")}\n${budgetTable(snapshot.budgets.map(alone), output)}`
      : "";
  // A budget may be in both lists.
  const noted = [...new Set([...snapshot.pausing, ...snapshot.asking])];
  const lines = budgetLines(noted, output);
  const groups = recent.groups.slice(0, shownGroups);
  const title = `\n${dim(`Spend of the last ${grouped(view.minutes)} min: ${dollars(recent.total.cost_usd)}, ${counted(recent.total.calls, "call")}`)}\n`;
  const table =
    groups.length > 0
      ? groupTable(groups, { by: view.by, output, whole: recent.total.cost_usd })
      : "";
  return `${head}${budgets}${lines}${title}${table}${unpricedText(recent.unpriced, output.paint)}`;
}

/** Removes the parent: budgets are ordered by use here, not as a tree. */
function alone(budget: BudgetJson): BudgetJson {
  return { ...budget, parent_budget_id: null };
}

async function nearest(
  connection: Connection,
  budgets: readonly BudgetJson[],
): Promise<readonly BudgetJson[]> {
  const each = await Promise.all(budgets.map((budget) => readCounters(connection, budget)));
  const known = each.flat().filter((budget) => usedShare(budget) !== null);
  return known
    .sort((left, right) => (usedShare(right) ?? 0) - (usedShare(left) ?? 0))
    .slice(0, shownBudgets);
}

/** The fullest counters of a `*` budget as budgets; any other budget unchanged. */
async function readCounters(
  connection: Connection,
  budget: BudgetJson,
): Promise<readonly BudgetJson[]> {
  if (budget.resource_id !== "*") return [budget];
  const path = `/api/v1/budgets/${encodeURIComponent(budget.budget_id)}?limit=${countersEach}`;
  const detail = (await ask(connection, "GET", { path })) as BudgetDetailJson;
  return (detail.counters ?? []).map(({ value, ...figures }) => ({
    ...budget,
    ...figures,
    paused_values: [],
    resource_id: value,
  }));
}

/** From the metrics; null if the key may not read them. */
async function readOpenHolds(connection: Connection): Promise<number | null> {
  const { text } = await connection.request("GET", "/metrics");
  const value = /^purser_(?:open_holds|holds_open)(?:\{[^}]*\})? (\d+(?:\.\d+)?)$/m.exec(text)?.[1];
  return value === undefined ? null : Number(value);
}
