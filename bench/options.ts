/** Parses the arguments after `npm run bench --`. */

import { existsSync } from "node:fs";
import path from "node:path";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import type { Bench, BenchOptions } from "./bench.ts";
import { programOf } from "./target/purser.ts";
import { targetNames } from "./target/target.ts";

export interface Asked {
  readonly benches: readonly Bench[];
  readonly options: BenchOptions;
  /** Whether to store the results and update the README. */
  readonly isStored: boolean;
}

export interface Offer {
  readonly benches: readonly Bench[];
  /** Runs only when named. */
  readonly soak: Bench;
}

interface Given {
  readonly rounds?: number;
  readonly seconds?: number;
  readonly minutes: number;
  readonly quick?: true;
  readonly without: readonly string[];
  readonly keep?: true;
  readonly other?: string;
  readonly ledger?: string;
}

/** What `--without` accepts: the targets, and the peer of `tokens`. */
const optional: readonly string[] = [...targetNames, "tiktoken"];

/**
 * @throws CommanderError after `--help` (`exitCode` 0), and for an invalid name or value, after
 *   printing the error to standard error.
 */
export function readOptions(words: readonly string[], { benches, soak }: Offer): Asked {
  const all = [...benches, soak];
  const command = new Command("npm run bench --")
    .addArgument(
      new Argument("[name...]", "benchmarks to run (default: all but the soak)").choices(
        all.map(({ name }) => name),
      ),
    )
    .addOption(new Option("--rounds <n>", "rounds per cell (5)").argParser(count))
    .addOption(new Option("--seconds <n>", "seconds measured per cell (3)").argParser(seconds))
    .addOption(new Option("--minutes <n>", "duration of the soak").argParser(count).default(10))
    .addOption(
      new Option("--without <name>", "skip a target, such as portkey; repeatable")
        .argParser(leftOut)
        .default([], "none"),
    )
    .addOption(
      new Option(
        "--other <folder>",
        "another checkout, measured as purser-other in the same rounds; implies --keep",
      ).argParser(checkout),
    )
    .addOption(
      new Option(
        "--ledger <folder>",
        "data folder of `ledger`: filled once, then measured as it is and kept; implies --keep",
      ).argParser((folder) => path.resolve(folder)),
    )
    .option("--quick", "smoke test: run everything as small as possible; store nothing")
    .option("--keep", "do not change the stored results or the README")
    .addHelpText(
      "after",
      `\nBenchmarks:\n${all.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join("\n")}`,
    )
    .showHelpAfterError("(see --help)")
    .exitOverride()
    .parse(words, { from: "user" });
  const given = command.opts<Given>();
  const isQuick = given.quick === true;
  return {
    benches:
      command.args.length === 0 ? benches : all.filter(({ name }) => command.args.includes(name)),
    options: {
      rounds: given.rounds ?? (isQuick ? 1 : 5),
      seconds: given.seconds ?? (isQuick ? 0.5 : 3),
      minutes: given.minutes,
      quick: isQuick,
      without: given.without,
      other: given.other ?? null,
      ledger: given.ledger ?? null,
    },
    isStored:
      !isQuick && given.keep !== true && given.other === undefined && given.ledger === undefined,
  };
}

function count(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a whole number from 1 to 9999.");
}

function seconds(text: string): number {
  const value = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value >= 0.1) return value;
  throw new InvalidArgumentError("Give a number from 0.1 to 9999, such as 3.");
}

function checkout(folder: string): string {
  const root = path.resolve(folder);
  if (existsSync(path.join(root, programOf))) return root;
  throw new InvalidArgumentError(`${root} has no ${programOf}: give the root of a checkout.`);
}

function leftOut(name: string, before: readonly string[]): readonly string[] {
  if (optional.includes(name)) return [...before, name];
  throw new InvalidArgumentError(`Give one of ${optional.join(", ")}.`);
}
