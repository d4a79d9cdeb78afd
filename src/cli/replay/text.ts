/** Formats the result of a replay as text and as JSON. */

import { formatUsd, type PicoUsd } from "../../domain/money/money.ts";
import type { ReplayOptions } from "./options.ts";
import { groupTable } from "../group-table.ts";
import {
  counted,
  dollarColumn,
  dollars,
  duration,
  exactDollars,
  grouped,
} from "../terminal/number.ts";
import type { Output } from "../terminal/screen.ts";
import { table } from "../terminal/table.ts";
import type { CutCosts } from "./compare.ts";
import type { Comparison, ModelComparison } from "./reconcile.ts";
import type { ReplayResult } from "./run.ts";
import type { Quantiles } from "./statistics.ts";

export interface ReplayTextOptions {
  readonly trace: string;
  readonly options: ReplayOptions;
  readonly output: Output;
}

export function replayText(result: ReplayResult, view: ReplayTextOptions): string {
  return [
    headText(result, view),
    factsText(result, view),
    teamText(result, view.output),
    comparisonText(result, view.output),
    verdictText(result, view),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function headText(result: ReplayResult, { trace, output }: ReplayTextOptions): string {
  const { bold, dim } = output.paint;
  const stopped = result.interrupted ? ", stopped before the end" : "";
  return `${bold(`Replay of ${trace}`)}  ${dim(`${counted(result.calls, "call")}, recorded over ${duration(result.recordedMs)}${stopped}`)}\n`;
}

function factsText(result: ReplayResult, { options, output }: ReplayTextOptions): string {
  const { sums, schedule } = result;
  const { dim, yellow, red, green } = output.paint;
  const count = (value: number, word: string, paint: (text: string) => string): string =>
    (value > 0 ? paint : dim)(`${grouped(value)} ${word}`);
  const lost =
    result.lost === null
      ? dim("lost: not compared")
      : (result.lost > 0 ? red : green)(`${grouped(result.lost)} lost`);
  const seconds = Math.max(0.001, schedule.elapsedMs / 1000);
  const pace =
    options.speed === "max" ? "at maximum speed" : `at ${options.speed} × the recorded speed`;
  const late =
    schedule.latestMs >= 100
      ? yellow(`, up to ${duration(schedule.latestMs)} late (raise --concurrency)`)
      : "";
  const usage = result.byTeam?.total.usage;
  const facts: readonly (readonly [string, string])[] = [
    [
      "calls",
      [
        count(sums.served, "served", green),
        ...(sums.cut > 0 ? [yellow(`${grouped(sums.cut)} cut`)] : []),
        count(sums.refused, "refused", yellow),
        count(sums.failed, "failed", red),
        lost,
      ].join("   "),
    ],
    [
      "pace",
      `${grouped(Math.round(schedule.started / seconds))} calls/s for ${duration(schedule.elapsedMs)}, ${pace}, at most ${grouped(options.concurrency)} at once${late}`,
    ],
    [
      "latency",
      `${quantilesText(result.latency)}   ${dim("from request to last byte, including the simulator")}`,
    ],
    ["first byte", `${quantilesText(result.firstByte)}   ${dim("of streams")}`],
    ...(usage
      ? [
          [
            "tokens",
            `${grouped(usage.input ?? 0)} input, ${grouped(usage.output ?? 0)} output`,
          ] as const,
        ]
      : []),
    ["spend", output.paint.bold(spendText(result))],
    ...Object.entries(sums.reasons).map(
      ([reason, times]) => ["", dim(`${reason}: ${grouped(times)}`)] as const,
    ),
  ];
  return table(
    [{ title: "" }, { title: "" }],
    facts.map(([name, value]) => [dim(name), value]),
    { heading: dim, room: output.columns, indent: "  " },
  );
}

function quantilesText(quantiles: Quantiles | null): string {
  return quantiles
    ? `p50 ${duration(quantiles.p50)}   p99 ${duration(quantiles.p99)}   longest ${duration(quantiles.max)}`
    : "none measured";
}

/** From the ledger if it can be read, otherwise from the answers. */
function spendText(result: ReplayResult): string {
  return result.byTeam
    ? dollars(result.byTeam.total.cost_usd)
    : `${dollars(formatUsd(result.sums.cost))} according to the headers of the answers`;
}

function teamText(result: ReplayResult, output: Output): string {
  if (result.byTeam)
    return groupTable(result.byTeam.groups, {
      by: ["team"],
      output,
      whole: result.byTeam.total.cost_usd,
    });
  const costs = dollarColumn(result.sums.teams.map((team) => formatUsd(team.cost)));
  const rows = result.sums.teams.map((team, index) => [
    team.team,
    grouped(team.calls),
    grouped(team.refused),
    grouped(team.failed),
    costs[index] ?? "",
  ]);
  const columns = [
    { title: "team" },
    ...["calls", "refused", "failed", "USD"].map((title) => ({ title, align: "right" as const })),
  ];
  return table(columns, rows, { heading: output.paint.dim, room: output.columns });
}

/** One line for each side of each model, so that equal figures align. */
function comparisonText({ comparison }: ReplayResult, output: Output): string {
  if (!comparison) return "";
  const { dim, green, red } = output.paint;
  const sides = comparison.models.flatMap((row) => [row.ledger.cost, row.books.cost]);
  const costs = dollarColumn(
    [...sides, comparison.cost.ledger, comparison.cost.books].map(formatUsd),
  );
  const line = (
    row: ModelComparison,
    side: "ledger" | "books",
    index: number,
  ): readonly string[] => {
    const sums = row[side];
    const counts = [sums.calls, sums.usage.input ?? 0, sums.usage.output ?? 0].map(grouped);
    const state =
      row.differences.length === 0 ? green("equal") : red(`differ: ${row.differences.join(", ")}`);
    const names = side === "ledger" ? [row.model, "ledger"] : ["", "simulator's books"];
    return [...names, ...counts, costs[index] ?? "", side === "books" ? state : ""];
  };
  const rows = comparison.models.flatMap((row, index) => [
    line(row, "ledger", index * 2),
    line(row, "books", index * 2 + 1),
  ]);
  const columns = [
    { title: "model" },
    { title: "by" },
    ...["calls", "input", "output", "USD"].map((title) => ({ title, align: "right" as const })),
    { title: "" },
  ];
  return table(columns, rows, { heading: dim, room: output.columns });
}

/** Names the missing options. Without `--url`, both sides are always compared. */
export function notCompared({
  adminKey,
  simulator,
}: Pick<ReplayOptions, "adminKey" | "simulator">): string {
  const missing = [
    ...(adminKey === undefined ? ["--admin-key"] : []),
    ...(simulator === undefined ? ["--simulator"] : []),
  ];
  return `Ledger and books were not compared: this requires ${missing.join(" and ")}.`;
}

function verdictText(result: ReplayResult, { options, output }: ReplayTextOptions): string {
  const { green, red, yellow } = output.paint;
  const lines: string[] = [];
  const { comparison, verified, sums } = result;
  if (!comparison) lines.push(yellow(notCompared(options)));
  else
    lines.push(
      comparison.equal
        ? `${green("✔")} ${agreement(comparison)}`
        : `${red("✘")} ${disagreement(comparison)}`,
    );
  if (result.cut) lines.push(cutLine(result.cut));
  if (verified?.ok)
    lines.push(
      `${green("✔")} ${counted(verified.entries, "journal entry", "journal entries")}: the chain is intact, and every balance matches them`,
    );
  if (verified && !verified.ok)
    lines.push(
      `${red("✘")} the ledger failed verification: replay with --data DIR, then run \`purser verify --data DIR\``,
    );
  if (sums.failed > 0) lines.push(`${red("✘")} ${counted(sums.failed, "call")} failed`);
  return lines.map((line) => `${line}\n`).join("");
}

function cutLine({ calls, ledger, books }: CutCosts): string {
  const costs = `the ledger charged ${dollars(formatUsd(ledger))} for the output delivered, the simulator billed ${dollars(formatUsd(books))} for the output generated`;
  return `  in addition, ${counted(calls, "stream")} ${calls === 1 ? "was" : "were"} cut before the usage was reported: ${costs}`;
}

function agreement({ calls, tokens, cost }: Comparison): string {
  return `ledger = simulator's books: ${counted(calls.ledger, "call")}, ${counted(tokens.ledger, "token")}, ${exactDollars(formatUsd(cost.ledger))} to the last pico-dollar`;
}

function disagreement({ calls, tokens, cost }: Comparison): string {
  const difference = formatUsd((cost.ledger - cost.books) as PicoUsd);
  return `ledger and books differ: ${grouped(calls.ledger)} against ${counted(calls.books, "call")}, ${grouped(tokens.ledger)} against ${counted(tokens.books, "token")}, ${exactDollars(difference)} more in the ledger`;
}

export function replayJson(result: ReplayResult): unknown {
  const { comparison, sums } = result;
  return {
    ok: result.ok,
    interrupted: result.interrupted,
    calls: result.calls,
    served: sums.served,
    cut: sums.cut,
    refused: sums.refused,
    failed: sums.failed,
    lost: result.lost,
    reasons: sums.reasons,
    elapsed_ms: result.schedule.elapsedMs,
    behind_ms: result.schedule.latestMs,
    latency_ms: result.latency,
    first_byte_ms: result.firstByte,
    cost_usd: result.byTeam?.total.cost_usd ?? formatUsd(sums.cost),
    cut_usd: result.cut && {
      ledger: formatUsd(result.cut.ledger),
      books: formatUsd(result.cut.books),
    },
    teams:
      result.byTeam?.groups ??
      sums.teams.map((team) => ({ ...team, cost: undefined, cost_usd: formatUsd(team.cost) })),
    books_equal: comparison?.equal ?? null,
    models: comparison?.models.map((row) => ({
      model: row.model,
      differences: row.differences,
      ledger: {
        calls: row.ledger.calls,
        usage: row.ledger.usage,
        cost_usd: formatUsd(row.ledger.cost),
      },
      books: {
        calls: row.books.calls,
        usage: row.books.usage,
        cost_usd: formatUsd(row.books.cost),
      },
    })),
    verified: result.verified,
  };
}
