/**
 * `purser replay`: replays recorded traffic through a gateway, and compares the ledger with the
 * simulator's books.
 */

import path from "node:path";
import type { Command } from "commander";
import type { Environment, CommandContext } from "../context.ts";
import { decimal, oneOf, whole, withJson } from "../option.ts";
import { PurserError } from "../../domain/error.ts";
import { readNamedFile } from "../named-file.ts";
import type { ReplayOptions } from "../replay/options.ts";
import { planCalls } from "../replay/plan.ts";
import { runReplay } from "../replay/run.ts";
import { replayJson, replayText } from "../replay/text.ts";
import { readTrace } from "../replay/trace.ts";
import { printJson } from "../session.ts";

const many = { least: 1, most: 10_000 };

export function defineReplay(command: Command, context: CommandContext): void {
  withJson(command)
    .argument("<trace>", "CSV with the columns TIMESTAMP, ContextTokens and GeneratedTokens")
    .option(
      "--speed <speed>",
      "1 (as recorded), 10 (ten times faster) or max",
      oneOf("--speed", ["1", "10", "max"]),
      "max",
    )
    .option("--teams <n>", "number of teams", whole("--teams", many), 3)
    .option(
      "--agents <n>",
      "number of agents, which belong to the teams",
      whole("--agents", many),
      12,
    )
    .option("--users <n>", "number of users", whole("--users", many), 50)
    .option(
      "--limit <n>",
      "replay only the first rows",
      whole("--limit", { least: 1, most: 100_000_000 }),
    )
    .option(
      "--concurrency <n>",
      "maximum concurrent calls",
      whole("--concurrency", { least: 1, most: 4096 }),
      64,
    )
    .option(
      "--stream-share <share>",
      "share of calls that stream, 0 to 1",
      decimal("--stream-share", { least: 0, most: 1 }),
      0.3,
    )
    .option(
      "--seed <n>",
      "seed for choosing who makes which call",
      whole("--seed", { least: 0, most: 4_294_967_295 }),
      1,
    )
    .option("--team-budget <usd>", "budget of each team, to see refusals (only without --url)")
    .option("--url <url>", "use this gateway, whose provider `sim` must be a simulator")
    .option("--key <key>", "caller key for the gateway")
    .option(
      "--admin-key <key>",
      "admin key for the gateway, to create caller keys and read its ledger (PURSER_ADMIN_KEY)",
    )
    .option("--simulator <url>", "the simulator that the gateway uses, to compare its books")
    .option("--data <dir>", "keep the ledger in this folder (only without --url)")
    .addHelpText(
      "after",
      `
Each row is a call to a model of the simulator with the recorded token counts.
Without --url, it starts its own simulator and gateway on a temporary folder.
Exit code 1: a call failed or was lost, or the books differ.

Examples:
  purser replay trace.csv --speed max
  purser replay trace.csv --limit 2000 --team-budget 1.50
  purser replay trace.csv --url http://127.0.0.1:4141 --admin-key KEY --simulator http://127.0.0.1:4142`,
    )
    .action(async (file: string, options: ReplayOptions) =>
      replay(file, checked(options, context.environment), context),
    );
}

async function replay(
  file: string,
  options: ReplayOptions,
  context: CommandContext,
): Promise<void> {
  const rows = readTrace(await readNamedFile(file, "trace"), path.basename(file));
  const calls = planCalls(
    options.limit === undefined ? rows : rows.slice(0, options.limit),
    options,
  );
  const result = await runReplay(calls, options, context);
  if (options.json) printJson(context, replayJson(result));
  else
    context.screen.out.write(
      replayText(result, { trace: path.basename(file), options, output: context.screen.out }),
    );
  if (!result.ok) context.end(1);
}

function checked(options: ReplayOptions, environment: Environment): ReplayOptions {
  if (options.url === undefined) {
    const stray = (["key", "adminKey", "simulator"] as const).find(
      (name) => options[name] !== undefined,
    );
    if (stray !== undefined)
      throw wrong(
        stray === "adminKey" ? "--admin-key" : `--${stray}`,
        "requires --url",
        "Name the gateway with --url.",
      );
    return options;
  }
  if (options.data !== undefined)
    throw wrong("--data", "cannot be used with --url", "Leave one of them out.");
  if (options.teamBudget !== undefined)
    throw wrong(
      "--team-budget",
      "cannot be used with --url",
      "Create budgets there with `purser budget create`.",
    );
  const adminKey = options.adminKey ?? environment["PURSER_ADMIN_KEY"];
  if (options.key === undefined && adminKey === undefined) {
    throw wrong(
      "--key",
      "is missing",
      "Give a caller key with --key, or an admin key with --admin-key, which creates caller keys.",
    );
  }
  return { ...options, ...(adminKey !== undefined && { adminKey }) };
}

function wrong(field: string, problem: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `${field} ${problem}`, { field, remedy });
}
