/** `purser replay`: drives recorded traffic through a gateway, and compares the ledger with the simulator's own books. */

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
      "1 as recorded, 10 times that, or max",
      oneOf("--speed", ["1", "10", "max"]),
      "max",
    )
    .option("--teams <n>", "teams that the agents belong to", whole("--teams", many), 3)
    .option("--agents <n>", "agents that make the calls", whole("--agents", many), 12)
    .option("--users <n>", "users that they work for", whole("--users", many), 50)
    .option("--limit <n>", "only the first rows", whole("--limit", { least: 1, most: 100_000_000 }))
    .option(
      "--concurrency <n>",
      "calls under way at most",
      whole("--concurrency", { least: 1, most: 4096 }),
      64,
    )
    .option(
      "--stream-share <share>",
      "of the calls: streams, 0 to 1",
      decimal("--stream-share", { least: 0, most: 1 }),
      0.3,
    )
    .option(
      "--seed <n>",
      "of the choice who makes which call",
      whole("--seed", { least: 0, most: 4_294_967_295 }),
      1,
    )
    .option("--team-budget <usd>", "limit of each team, to see calls refused (own gateway only)")
    .option("--url <url>", "replay through this gateway, whose provider `sim` is a simulator")
    .option("--key <key>", "caller key for it")
    .option(
      "--admin-key <key>",
      "admin key for it: makes caller keys and reads its ledger (PURSER_ADMIN_KEY)",
    )
    .option("--simulator <url>", "the simulator behind it, to compare its books")
    .option("--data <dir>", "keep the ledger of its own gateway in this folder")
    .addHelpText(
      "after",
      `
Each row is a call to a model of the simulator with as many tokens as were recorded. Without --url it starts a simulator and a
gateway of its own on a folder that it throws away. Exit code 1: a call failed or was lost, or the books differ.

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
        "belongs to --url",
        "Name the gateway with --url.",
      );
    return options;
  }
  if (options.data !== undefined)
    throw wrong("--data", "does not go with --url", "Leave one of them out.");
  if (options.teamBudget !== undefined)
    throw wrong(
      "--team-budget",
      "does not go with --url",
      "Create budgets there with `purser budget create`.",
    );
  const adminKey = options.adminKey ?? environment["PURSER_ADMIN_KEY"];
  if (options.key === undefined && adminKey === undefined) {
    throw wrong(
      "--key",
      "is missing",
      "Give a caller key with --key, or an admin key with --admin-key to have keys made.",
    );
  }
  return { ...options, ...(adminKey !== undefined && { adminKey }) };
}

function wrong(field: string, problem: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `${field} ${problem}`, { field, remedy });
}
